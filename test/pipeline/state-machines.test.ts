import aslValidator from 'asl-validator'
import { expect } from 'chai'
import { isBelowSmallest, runTiers, SIZE_TIERS } from '../../src/pipeline/size-tiers.js'
import { backfillDefinition } from '../../src/pipeline/state-machines/backfill.js'
import { dispatchDefinition } from '../../src/pipeline/state-machines/dispatch.js'
import { workerDefinition, type WorkerSettings } from '../../src/pipeline/state-machines/worker.js'
import { expectGolden } from '../support/golden.js'
import { testContext } from '../support/resource.js'

const { names } = testContext()

const SETTINGS: WorkerSettings = {
  env: 'dev',
  clusterArn: names.arn('ecs', `cluster/${names.cluster}`),
  taskFamilyArn: names.arn('ecs', `task-definition/${names.taskFamily}`),
  container: 'transform',
  subnetIds: ['subnet-a', 'subnet-b'],
  securityGroupIds: ['sg-task'],
  assignPublicIp: true,
  failedQueueUrl: 'https://sqs.us-east-1.amazonaws.com/111122223333/dp-sensors-dev-failed',
  topicArn: names.arn('sns', names.topic),
}

const RESULTS = { resultsBucket: names.bucket('transformed'), account: '111122223333' }

const BACKFILL = {
  workerArn: names.stateMachineArn('worker'),
  rawBucket: names.bucket('raw'),
  artifactsBucket: names.bucket('artifacts'),
  account: '111122223333',
  maxConcurrency: 10,
}

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
    ['worker', workerDefinition(SETTINGS)],
    ['worker-spot', workerDefinition({ ...SETTINGS, tiers: runTiers({ spotVcpu: 4 }, true) })],
    ['worker-tells', workerDefinition({ ...SETTINGS, onSuccess: RESULTS })],
    ['dispatch', dispatchDefinition(names.stateMachineArn('worker'), SETTINGS.failedQueueUrl)],
    ['backfill', backfillDefinition(BACKFILL)],
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

  const cpus = (tiers: readonly { cpu: number }[]) => tiers.map(({ cpu }) => cpu)

  it('give a tier that the account can never start the largest size that it can, and keep its disk and time', () => {
    expect(runTiers({}, false).map(({ spot, ...tier }) => ({ tier, spot }))).to.deep.equal(
      SIZE_TIERS.map((tier) => ({ tier, spot: false })),
    )
    expect(cpus(runTiers({ onDemandVcpu: 16 }, false))).to.deep.equal([512, 2048, 4096, 16_384])
    const capped = runTiers({ onDemandVcpu: 6 }, false)
    expect(cpus(capped)).to.deep.equal([512, 2048, 4096, 4096])
    expect(capped[3]).to.deep.equal({ ...SIZE_TIERS[3]!, cpu: 4096, memoryMiB: 30_720, spot: false })
    expect(cpus(runTiers({ onDemandVcpu: 1 }, false))).to.deep.equal([512, 512, 512, 512])
    for (const tier of runTiers({ onDemandVcpu: 3.5 }, false)) {
      expect(tier.cpu).to.be.at.most(3584)
    }
  })

  it('say when not even the smallest tier can start', () => {
    expect(isBelowSmallest({ onDemandVcpu: 0 })).to.equal(true)
    expect(isBelowSmallest({ onDemandVcpu: 0.5 })).to.equal(false)
    expect(isBelowSmallest({})).to.equal(false)
  })

  it('try Spot only with what its own quota can start', () => {
    expect(runTiers({ onDemandVcpu: 64, spotVcpu: 4 }, true).map(({ spot }) => spot)).to.deep.equal([
      true,
      true,
      true,
      false,
    ])
    expect(runTiers({ spotVcpu: 0 }, true).some(({ spot }) => spot)).to.equal(false)
    expect(runTiers({ spotVcpu: 64 }, false).some(({ spot }) => spot)).to.equal(false)
  })
})
