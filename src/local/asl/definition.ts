import type { Json, JsonObject } from './json.js'

/** A state machine in the Amazon States Language with JSONPath (https://states-language.net/spec.html). */
export interface StateMachine {
  Comment?: string
  StartAt: string
  States: Record<string, State>
  TimeoutSeconds?: number
}

interface CommonState {
  Comment?: string
  InputPath?: string | null
  OutputPath?: string | null
}

interface NextOrEnd {
  Next?: string
  End?: boolean
}

export interface Retrier {
  ErrorEquals: string[]
  IntervalSeconds?: number
  BackoffRate?: number
  MaxAttempts?: number
  MaxDelaySeconds?: number
  JitterStrategy?: 'FULL' | 'NONE'
}

export interface Catcher {
  ErrorEquals: string[]
  Next: string
  ResultPath?: string | null
}

/** What Task, Parallel and Map have in common: a result that can be reshaped, and errors that can be handled. */
interface WorkingState extends CommonState, NextOrEnd {
  Parameters?: Json
  ResultSelector?: JsonObject
  ResultPath?: string | null
  Retry?: Retrier[]
  Catch?: Catcher[]
}

export interface TaskState extends WorkingState {
  Type: 'Task'
  Resource: string
  TimeoutSeconds?: number
  TimeoutSecondsPath?: string
}

export interface PassState extends CommonState, NextOrEnd {
  Type: 'Pass'
  Parameters?: Json
  Result?: Json
  ResultPath?: string | null
}

export interface ParallelState extends WorkingState {
  Type: 'Parallel'
  Branches: StateMachine[]
}

export interface MapState extends WorkingState {
  Type: 'Map'
  ItemProcessor?: StateMachine & {
    ProcessorConfig?: { Mode?: 'INLINE' | 'DISTRIBUTED'; ExecutionType?: 'STANDARD' | 'EXPRESS' }
  }
  /** The older name of ItemProcessor. */
  Iterator?: StateMachine
  ItemsPath?: string
  ItemSelector?: Json
  MaxConcurrency?: number
  /** Of a distributed map: part of the names of its map run and children. */
  Label?: string
  /** Of a distributed map: where its items come from, and where its results go. */
  ItemReader?: { Resource: string; Parameters?: Json }
  ResultWriter?: { Resource: string; Parameters?: Json }
  /** Of a distributed map: 100 means that no number of failed children fails it. */
  ToleratedFailurePercentage?: number
}

/** One comparison (Variable and an operator), or And, Or, Not of such. */
export type ChoiceRule = Record<string, Json>

export interface ChoiceState extends CommonState {
  Type: 'Choice'
  Choices: (ChoiceRule & { Next: string })[]
  Default?: string
}

export interface WaitState extends CommonState, NextOrEnd {
  Type: 'Wait'
  Seconds?: number
  SecondsPath?: string
  Timestamp?: string
  TimestampPath?: string
}

export interface SucceedState extends CommonState {
  Type: 'Succeed'
}

export interface FailState {
  Type: 'Fail'
  Comment?: string
  Error?: string
  ErrorPath?: string
  Cause?: string
  CausePath?: string
}

export type State =
  TaskState | PassState | ParallelState | MapState | ChoiceState | WaitState | SucceedState | FailState
