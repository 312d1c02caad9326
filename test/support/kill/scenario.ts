import type { CliResult } from '../cli.js'
import type { Emulator } from './emulator.js'
import type { Manner } from './killer.js'

/** Where a command is run, and what it works on: a copy of the emulator and a folder, for one attempt. */
export interface Place {
  emulator: Emulator
  /** The user's home, working directory, cache and temporary files. */
  folder: string
  /** Runs the CLI undisturbed. */
  run(...args: string[]): Promise<CliResult>
}

/** How a place comes to be what a command finds. Made once: everything else gets copies of it. */
export interface Preparation {
  /** What comes before. */
  after?: Preparation
  make: (place: Place) => Promise<void>
}

/** A command that is killed in every way, and run again. */
export interface Scenario {
  name: string
  /** What the command finds; default: nothing. */
  prepared?: Preparation
  command: readonly string[]
  /** What is counted: calls to AWS (default), or changes in the file system. */
  by?: 'calls' | 'steps'
  /** What must be so at any time, also right after the kill. @returns what is wrong */
  invariant?: (place: Place) => Promise<string[]>
  /** What a user sees beside what is in the emulator and in the folder. It must be as after an undisturbed run. */
  outcome?: (place: Place) => Promise<unknown>
  /** Lines of the state that may differ, for a reason that is told beside it. */
  passing?: readonly RegExp[]
  /** Which processes are killed; default: only that of the command, not what it has started. */
  victim?: Victim
  /** How many kills are tried where not all are. */
  sample: number
}

/** The command, only what it has started, or both. */
export type Victim = 'command' | 'children' | 'all'

/** One kill, and what was wrong after the command was run again; nothing, if all is well. */
export interface Kill {
  /** From 1. */
  position: number
  of: number
  manner: Manner
  at: string
  violations: string[]
}
