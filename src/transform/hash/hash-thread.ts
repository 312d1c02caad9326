// A thread that hashes one file; see hash-file.ts.
import { parentPort, workerData } from 'node:worker_threads'
import { hashHere } from './hash-file.js'

parentPort?.postMessage(await hashHere(workerData as string))
