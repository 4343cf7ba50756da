import { Alert, Button, FileButton, Group, Loader, Modal, ScrollArea, Select, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { IconCircleCheck, IconDownload, IconFileSpreadsheet, IconInfoCircle } from '@tabler/icons-react'
import { useState } from 'react'
import type { Schemas } from '../api/client'
import { useLoad, usePreview } from '../api/queries'
import { number } from '../format'
import { useWords } from '../i18n'
import { sentence } from './problem'

const SHOWN = 100

/** Loading contacts in three steps: the file, its columns, the report. */
export default function LoadContacts({ campaign, close }: { campaign: number; close: () => void }) {
  const { t } = useWords()
  const preview = usePreview()
  const load = useLoad(campaign)
  const [file, setFile] = useState<File | null>(null)

  function choose(chosen: File | null) {
    setFile(chosen)
    load.reset()
    if (chosen) preview.mutate(chosen)
    else preview.reset()
  }

  const failed = load.error ?? preview.error
  return (
    <Modal opened onClose={close} size={880} title={t.load.title} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': t.common.close }}>
      <Stack>
        {failed && <Alert color="red" variant="light" role="alert">{sentence(t, failed)}</Alert>}
        {load.data ? (
          <Report report={load.data} close={close} another={() => choose(null)} />
        ) : file && preview.data ? (
          <Mapping
            key={file.name + String(file.lastModified)} file={file} preview={preview.data} busy={load.isPending}
            another={() => choose(null)} submit={(mapping) => load.mutate({ file, mapping })}
          />
        ) : (
          <Drop busy={preview.isPending} choose={choose} />
        )}
      </Stack>
    </Modal>
  )
}

function Drop({ busy, choose }: { busy: boolean; choose: (file: File | null) => void }) {
  const { t } = useWords()
  const [over, setOver] = useState(false)
  return (
    <div
      className="drop" data-over={over || undefined}
      onDragOver={(event) => { event.preventDefault(); setOver(true) }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); choose(event.dataTransfer.files[0] ?? null) }}
    >
      <Stack align="center" gap="sm">
        {busy ? <Loader /> : <IconFileSpreadsheet size={40} stroke={1.3} />}
        <FileButton onChange={choose} accept=".csv,.txt,.tsv,text/csv,text/plain" disabled={busy}>
          {(props) => <Button {...props}>{t.load.choose}</Button>}
        </FileButton>
        <Text size="sm">{t.load.drop}</Text>
        <Text size="xs" c="dimmed" maw={420}>{t.load.note}</Text>
      </Stack>
    </div>
  )
}

interface MappingGiven {
  file: File
  preview: Schemas['PreviewView']
  busy: boolean
  another: () => void
  submit: (mapping: Record<string, string>) => void
}

function Mapping({ file, preview, busy, another, submit }: MappingGiven) {
  const { t } = useWords()
  const [mapping, setMapping] = useState<Record<string, string>>(preview.suggested_mapping)
  const wrong = mistake(mapping, t.load.needPhone, (field) => t.load.twice(fieldName(field)))
  const delimiters: Record<string, string> = { ',': t.load.comma, ';': t.load.semicolon, '\t': t.load.tab }

  function fieldName(field: string): string {
    return field.startsWith(CUSTOM) ? t.load.custom(field.slice(CUSTOM.length)) : (t.fields[field] ?? field)
  }

  return (
    <>
      <Group justify="space-between">
        <Text fw={600}>{file.name}</Text>
        <Text size="xs" c="dimmed">{t.load.file(preview.encoding, delimiters[preview.delimiter] ?? preview.delimiter)}</Text>
      </Group>
      <ScrollArea.Autosize mah="50dvh" className="panel">
        <Table verticalSpacing={6} className="mapping">
          <Table.Thead>
            <Table.Tr><Table.Th>{t.load.column}</Table.Th><Table.Th w="34%">{t.load.field}</Table.Th><Table.Th>{t.load.sample}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {preview.columns.map((column, place) => (
              <Table.Tr key={place}>
                <Table.Td fw={550}>{column}</Table.Td>
                <Table.Td>
                  <Select
                    size="xs" aria-label={`${t.load.field}: ${column}`} placeholder={t.load.skip} clearable
                    value={mapping[column] ?? null}
                    data={[...FIELDS, CUSTOM + column].map((value) => ({ value, label: fieldName(value) }))}
                    onChange={(field) => setMapping(({ [column]: _, ...rest }) => (field ? { ...rest, [column]: field } : rest))}
                  />
                </Table.Td>
                <Table.Td><Text size="xs" c="dimmed" lineClamp={2}>{samples(preview.sample_rows, place)}</Text></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
      <Group justify="space-between">
        <Text size="sm" c="red" role="status">{wrong}</Text>
        <Group>
          <Button variant="default" onClick={another} disabled={busy}>{t.load.another}</Button>
          <Button loading={busy} disabled={Boolean(wrong)} onClick={() => submit(mapping)}>{t.load.submit}</Button>
        </Group>
      </Group>
    </>
  )
}

function Report({ report, close, another }: { report: Schemas['LoadReportView']; close: () => void; another: () => void }) {
  const { t, language } = useWords()
  const sums = [
    [t.load.rowsInFile, report.rows], [t.load.loaded, report.loaded], [t.load.duplicates, report.duplicates], [t.load.bad, report.bad.length],
  ] as const
  return (
    <>
      <Alert
        variant="light" color={report.loaded ? 'bell' : 'orange'} icon={report.loaded ? <IconCircleCheck /> : <IconInfoCircle />}
        title={report.loaded ? t.load.done : t.load.nothing} role="status"
      />
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        {sums.map(([label, value]) => (
          <div key={label} className="panel">
            <Stack gap={0} px="md" py="xs"><Text size="xs" c="dimmed">{label}</Text><Text fw={650} size="lg" className="numbers">{number(language, value)}</Text></Stack>
          </div>
        ))}
      </SimpleGrid>
      {report.zone_unknown > 0 && <Text size="sm" c="dimmed">{t.load.zoneUnknown(report.zone_unknown)}</Text>}
      {report.bad.length > 0 && <BadRows bad={report.bad} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={another}>{t.load.another}</Button>
        <Button onClick={close}>{t.load.finished}</Button>
      </Group>
    </>
  )
}

type Bad = Schemas['BadRowView']

function BadRows({ bad }: { bad: Bad[] }) {
  const { t } = useWords()
  const reason = (row: Bad) => t.reasons[row.reason_code] ?? row.reason
  return (
    <>
      <Group justify="space-between">
        <Text fw={600}>{t.load.badRows}</Text>
        <Button size="xs" variant="light" leftSection={<IconDownload size={16} />} onClick={() => save(bad, reason, [t.load.line, t.load.column, t.load.value, t.load.reason])}>
          {t.load.download}
        </Button>
      </Group>
      <ScrollArea.Autosize mah="36dvh" className="panel">
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr><Table.Th>{t.load.line}</Table.Th><Table.Th>{t.load.column}</Table.Th><Table.Th>{t.load.value}</Table.Th><Table.Th>{t.load.reason}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {bad.slice(0, SHOWN).map((row, place) => (
              <Table.Tr key={place}>
                <Table.Td>{row.line}</Table.Td><Table.Td>{row.column}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{row.value}</Table.Td><Table.Td>{reason(row)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea.Autosize>
      {bad.length > SHOWN && <Text size="xs" c="dimmed">{t.load.truncated(SHOWN, bad.length)}</Text>}
    </>
  )
}

const CUSTOM = 'custom:'
const FIELDS = [
  'phone', 'full_name', 'last_name', 'first_name', 'middle_name', 'organisation', 'position', 'email', 'zone', 'note', 'tags', 'priority',
  'consent',
]

function mistake(mapping: Record<string, string>, needPhone: string, twice: (field: string) => string): string | null {
  const chosen = Object.values(mapping)
  if (!chosen.some((field) => field.startsWith('phone'))) return needPhone
  const repeated = chosen.find((field, place) => !field.startsWith('phone') && chosen.indexOf(field) !== place)
  return repeated ? twice(repeated) : null
}

function samples(rows: string[][], place: number): string {
  return rows.map((row) => row[place]).filter(Boolean).slice(0, 3).join(', ')
}

/** Saves the bad rows as CSV that a spreadsheet opens with a double click; no cell can begin a formula. */
function save(bad: Bad[], reason: (row: Bad) => string, header: string[]) {
  const cell = (value: string | number | null) => `"${String(value ?? '').replace(/^(?=[=+\-@\t\r])/, "'").replaceAll('"', '""')}"`
  const lines = [header, ...bad.map((row) => [row.line, row.column, row.value, reason(row)])].map((line) => line.map(cell).join(';'))
  const address = URL.createObjectURL(new Blob(['\ufeff', lines.join('\r\n')], { type: 'text/csv;charset=utf-8' }))
  const link = Object.assign(document.createElement('a'), { href: address, download: 'errors.csv' })
  link.click()
  URL.revokeObjectURL(address)
}
