import type { Change } from './change.js'
import type { Action, Deletion } from './resource.js'

/** What the engine tells while it works; renderers turn it into text (src/ui). */
export type EngineEvent =
  | { type: 'run.started'; kind: 'plan' | 'apply' | 'destroy'; total: number }
  | { type: 'resource.started'; id: string; resourceType: string }
  | { type: 'resource.waiting'; id: string; message: string; elapsedMs: number }
  | {
      type: 'resource.finished'
      id: string
      resourceType: string
      action: Action
      changes: Change[]
      elapsedMs: number
    }
  | { type: 'resource.deleted'; id: string; resourceType: string; deletion: Deletion; elapsedMs: number }
  | { type: 'resource.failed'; id: string; resourceType: string; error: unknown; elapsedMs: number }
  /** Not attempted, because what it depends on failed, or because the run is stopping. */
  | { type: 'resource.skipped'; id: string; resourceType: string; reason: string }
  | { type: 'run.finished'; kind: 'plan' | 'apply' | 'destroy'; elapsedMs: number }

export type EngineListener = (event: EngineEvent) => void
