// The live connection: tells what changed, reconnects by itself, and says when it is lost.
import type { QueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { ME } from './api/queries'

const SILENT_MS = 45_000 // the server pings every 20 s
const LOST_AFTER_MS = 2_000
const REFRESH_MS = 500
const LONGEST_WAIT_MS = 10_000
const SIGNED_OUT = 4401

let lost = false
const watchers = new Set<() => void>()

function setLost(value: boolean) {
  if (lost === value) return
  lost = value
  for (const watcher of watchers) watcher()
}

/** Whether the connection has been away for more than a moment. */
export function useLost(): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => lost,
  )
}

/** Keeps the queries of campaigns fresh for as long as the component stands. */
export function useLive(queries: QueryClient) {
  useEffect(() => connect(queries), [queries])
}

function connect(queries: QueryClient): () => void {
  const changed = new Set<number>()
  let listChanged = false
  let socket: WebSocket | undefined
  let tries = 0
  let stopped = false
  let wasOpen = false
  let again: number | undefined
  let silence: number | undefined
  let giveUp: number | undefined

  const refresh = window.setInterval(() => {
    // Never while they are being fetched: the answer on its way may be older than the change.
    if (listChanged && queries.isFetching({ queryKey: ['campaigns'] }) === 0) {
      listChanged = false
      void queries.invalidateQueries({ queryKey: ['campaigns'] })
    }
    for (const id of changed) {
      if (queries.isFetching({ queryKey: ['campaign', id] }) > 0) continue
      changed.delete(id)
      void queries.invalidateQueries({ queryKey: ['campaign', id] })
    }
  }, REFRESH_MS)

  function heard() {
    window.clearTimeout(silence)
    silence = window.setTimeout(() => socket?.close(), SILENT_MS)
  }

  function open() {
    window.clearTimeout(again)
    if (stopped) return
    const mine = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`)
    socket = mine
    giveUp ??= window.setTimeout(() => setLost(true), LOST_AFTER_MS)
    mine.onopen = () => {
      window.clearTimeout(giveUp)
      giveUp = undefined
      tries = 0
      setLost(false)
      heard()
      if (wasOpen) void queries.invalidateQueries() // whatever was missed
      wasOpen = true
    }
    mine.onmessage = (message) => {
      heard()
      const told = JSON.parse(String(message.data)) as { type: string; id?: number }
      if (told.type !== 'campaign' || told.id === undefined) return
      changed.add(told.id)
      listChanged = true
    }
    mine.onclose = (event) => {
      window.clearTimeout(silence)
      if (stopped || socket !== mine) return
      if (event.code === SIGNED_OUT) {
        queries.setQueryData(ME, null)
        return
      }
      giveUp ??= window.setTimeout(() => setLost(true), LOST_AFTER_MS)
      tries += 1
      const wait = Math.min(LONGEST_WAIT_MS, 250 * 2 ** tries)
      again = window.setTimeout(open, wait * (0.5 + Math.random() / 2))
    }
  }

  function online() {
    if (socket?.readyState === WebSocket.OPEN) return
    const old = socket
    tries = 0
    open()
    old?.close()
  }

  open()
  window.addEventListener('online', online)
  return () => {
    stopped = true
    window.removeEventListener('online', online)
    window.clearInterval(refresh)
    for (const timer of [again, silence, giveUp]) window.clearTimeout(timer)
    socket?.close()
    setLost(false)
  }
}
