import aslValidator from 'asl-validator'
import { expect } from 'chai'
import { SIZE_TIERS } from '../../src/pipeline/size-tiers.js'
import { dispatchDefinition } from '../../src/pipeline/state-machines/dispatch.js'
import { workerDefinition } from '../../src/pipeline/state-machines/worker.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()

export const WORKER = workerDefinition({
  env: 'dev',
  clusterArn: names.arn('ecs', `cluster/${names.cluster}`),
  taskFamilyArn: names.arn('ecs', `task-definition/${names.taskFamily}`),
  container: 'transform',
  subnetIds: ['subnet-a', 'subnet-b'],
  securityGroupIds: ['sg-task'],
  assignPublicIp: true,
  failedQueueUrl: 'https://sqs.us-east-1.amazonaws.com/111122223333/dp-sensors-dev-failed',
  topicArn: names.arn('sns', names.topic),
})

/** CPU units to memory in MiB, as Fargate has them (spec §8.2). */
const FARGATE: Record<number, { min: number; max: number; step: number }> = {
  512: { min: 1024, max: 4096, step: 1024 },
  1024: { min: 2048, max: 8192, step: 1024 },
  2048: { min: 4096, max: 16_384, step: 1024 },
  4096: { min: 8192, max: 30_720, step: 1024 },
  8192: { min: 16_384, max: 61_440, step: 4096 },
  16_384: { min: 32_768, max: 122_880, step: 8192 },
}

describe('state machines', () => {
  for (const [name, definition] of [
    ['worker', WORKER],
    ['dispatch', dispatchDefinition(names.stateMachineArn('worker'))],
  ] as const) {
    it(`${name} is valid to asl-validator, and as reviewed`, () => {
      const { errors, isValid } = aslValidator(definition)
      expect(errors).to.deep.equal([])
      expect(isValid).to.equal(true)
      expectGolden(`state-machines/${name}.json`, `${JSON.stringify(definition, null, 2)}\n`)
    })
  }

  it('size tasks only as Fargate can', () => {
    for (const { cpu, ephemeralGiB, memoryMiB } of SIZE_TIERS) {
      const range = FARGATE[cpu]!
      expect(memoryMiB).to.be.within(range.min, range.max)
      expect((memoryMiB - range.min) % range.step).to.equal(0)
      expect(ephemeralGiB).to.be.within(21, 200)
    }
  })
})
