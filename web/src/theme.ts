import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const bell: MantineColorsTuple = [
  '#edf7f5', '#d9ece9', '#b0dad3', '#84c6bc', '#5fb5a9', '#47ab9d', '#38a596', '#288f81', '#177f72', '#006e61',
]

export const theme = createTheme({
  primaryColor: 'bell',
  primaryShade: 8,
  colors: { bell },
  defaultRadius: 'md',
  fontFamily: 'Inter, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", system-ui, sans-serif',
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.2rem' }, h3: { fontSize: '1rem' } } },
  cursorType: 'pointer',
})

/** Quiet and error texts dark (or light) enough to be read by everybody: contrast of 4.5 to 1 and more. */
export const readable: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#5b666c', '--mantine-color-error': '#c92a2a', '--mantine-color-placeholder': '#838f96' },
  dark: { '--mantine-color-dimmed': '#a3adb2', '--mantine-color-error': '#ff8787', '--mantine-color-placeholder': '#7b8488' },
})
