import type { ChildProcess } from 'node:child_process'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { finished, type CliResult } from '../../support/cli.js'
import { survivors } from '../../support/kill/victims.js'

/** Of a command that was told to stop: the signal after which it is awaited, and how long that may take on a busy machine. */
export const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
export const BOUND_MS = 25_000

export interface Stopped extends CliResult {
  /** From the signal to the end. */
  tookMs: number
}

/**
 * Sends the signal once `when` is fulfilled, and waits for the end. A command that has ended by itself before is not signalled.
 * @throws when it does not end in time; then it is killed
 */
export async function stop(
  child: ChildProcess,
  when: Promise<unknown>,
  signal: NodeJS.Signals,
): Promise<Stopped & { wasSignalled: boolean }> {
  const ended = finished(child)
  await Promise.race([when, ended])
  const began = performance.now()
  const wasSignalled = child.exitCode === null && child.kill(signal)
  let overdue = false
  const timer = setTimeout(() => {
    overdue = true
    child.kill('SIGKILL')
  }, BOUND_MS)
  const result = await ended
  clearTimeout(timer)
  if (overdue) throw new Error(`Did not stop within ${BOUND_MS} ms of ${signal}.\n${result.stderr}`)
  return { ...result, tookMs: performance.now() - began, wasSignalled }
}

/** It says that it stops, ends with 130 and what to do next, and leaves neither a stack nor a process behind. */
export async function expectStopped({ code, stderr }: CliResult, home: string): Promise<void> {
  expect(code, stderr).to.equal(130)
  expect(stderr).to.include('Stopping: what is under way is finished')
  expect(stderr).to.include('Error: Interrupted')
  expect(stderr).not.to.match(/\n\s+at /)
  expect(await survivors(home, 2000)).to.deep.equal([])
}

/** Whether an environment of the default project is leased to somebody. */
export async function isLeased(endpoint: string, env: string): Promise<boolean> {
  const s3 = new S3Client({
    endpoint,
    region: 'eu-north-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  try {
    const Bucket = `dp-${env}-artifacts-123456789012-eu-north-1-an`
    await s3.send(new HeadObjectCommand({ Bucket, Key: `locks/${env}.json` }))
    return true
  } catch (error) {
    if ((error as Error).name === 'NotFound' || (error as Error).name === 'NoSuchBucket') return false
    throw error
  } finally {
    s3.destroy()
  }
}
