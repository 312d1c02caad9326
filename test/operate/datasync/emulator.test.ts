import { DataSyncClient, ListLocationsCommand, ListTasksCommand } from '@aws-sdk/client-datasync'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { expect } from 'chai'
import type { AwsContext } from '../../../src/aws/context.js'
import { applyGraph } from '../../../src/engine/apply.js'
import { destroyGraph } from '../../../src/engine/destroy.js'
import { Graph } from '../../../src/engine/graph.js'
import { executionExitCode } from '../../../src/operate/datasync/execution.js'
import { transfer } from '../../../src/operate/datasync/run.js'
import { datasyncStatus } from '../../../src/operate/datasync/status.js'
import { ingestion } from '../../../src/pipeline/ingestion.js'
import { security } from '../../../src/pipeline/security.js'
import { storage } from '../../../src/pipeline/storage.js'
import { startMoto, type Moto } from '../../support/moto.js'
import { emulatedContext, signal } from '../support.js'
import { environmentWith, NFS, SMB } from './support.js'

/** What an emulator has: S3 and SMB locations, tasks and executions. No agents, no NFS, no tags. */
describe('datasync in an emulator', function () {
  this.timeout(120_000)

  let moto: Moto
  let aws: AwsContext

  before(async () => {
    moto = await startMoto()
    aws = emulatedContext(moto.endpoint)
  })
  after(() => moto.stop())

  const graphOf = (datasync: string) => {
    const environment = environmentWith(datasync)
    const securityPart = security(aws, environment)
    const storagePart = storage(aws, environment, securityPart)
    const part = ingestion(aws, environment, { security: securityPart, storage: storagePart })
    return new Graph([...securityPart.resources, ...storagePart.resources, ...part!.resources])
  }
  const apply = async (datasync: string) => {
    const result = await applyGraph(graphOf(datasync), { signal })
    expect(result.failures.map(({ error, id }) => `${id}: ${String(error)}`)).to.deep.equal([])
    return result
  }
  const count = async () => {
    const client = aws.clients.of(DataSyncClient)
    const [locations, tasks] = await Promise.all([
      client.send(new ListLocationsCommand({})),
      client.send(new ListTasksCommand({})),
    ])
    return { locations: locations.Locations?.length, tasks: tasks.Tasks?.length }
  }

  it('is made, is as desired, changes in place, copies, and goes', async () => {
    await apply(SMB)
    expect(await count()).to.deep.equal({ locations: 2, tasks: 1 })
    expect((await apply(SMB)).counts).to.include({ created: 0, updated: 0, replaced: 0 })

    const changed = await apply(`${SMB}\nverify: all\nexclude: ['*.tmp']`)
    const [outcome] = changed.outcomes.filter(({ action }) => action !== 'unchanged')
    expect(outcome!.id).to.equal('ingestion/task')
    expect(outcome!.changes.map(({ path }) => path)).to.deep.equal(['options.VerifyMode', 'exclude'])

    const environment = environmentWith(SMB)
    const phases: string[] = []
    const { execution } = await transfer(aws, environment, {
      watch: true,
      signal,
      onProgress: ({ status }) => phases.push(status),
      pollMs: { first: 1, longest: 1 },
    })
    expect(phases.at(-1)).to.equal('SUCCESS')
    expect(phases).to.include('TRANSFERRING')
    expect(executionExitCode(execution)).to.equal(0)

    const status = await datasyncStatus(aws, environment, signal)
    expect(status.task?.status).to.equal('AVAILABLE')
    expect(status.executions.map((one) => one.arn)).to.deep.equal([execution.arn])
    expect(status.problems).to.deep.equal([])

    const removed = await destroyGraph(graphOf(SMB), { signal, deleteData: true })
    expect(removed.failures).to.deep.equal([])
    expect(await count()).to.deep.equal({ locations: 0, tasks: 0 })
  })

  it('never reads the password, so that no event, difference, outcome or status can show it', async () => {
    const password = 'canary-Tr0ub4dor&3'
    const secret = await aws.clients
      .of(SecretsManagerClient)
      .send(new CreateSecretCommand({ Name: 'files', SecretString: password }))
    const calls: string[] = []
    aws.clients.onCall = ({ operation, service }) => calls.push(`${service}:${operation}`)
    const yaml = SMB.replace(/secretArn: '[^']*'/, `secretArn: '${secret.ARN}'`)
    const told: unknown[] = []
    const options = { signal, onEvent: (event: unknown) => told.push(event) }
    told.push(await applyGraph(graphOf(yaml), options))
    told.push(await applyGraph(graphOf(`${yaml}\nverify: all`), options))
    told.push(await datasyncStatus(aws, environmentWith(yaml), signal))
    told.push(await destroyGraph(graphOf(yaml), { ...options, deleteData: true }))
    aws.clients.onCall = undefined
    const everything = JSON.stringify(told, (_key, value: unknown) =>
      value instanceof Error ? value.message : value,
    )
    expect(everything).to.include('ingestion/source/smb').and.not.include('canary')
    expect(calls).to.include('DataSync:CreateLocationSmb')
    expect(calls.filter((call) => call.startsWith('SecretsManager'))).to.deep.equal([])
  })

  it('has the S3 side only where the server speaks NFS', async () => {
    await apply(NFS)
    expect(await count()).to.deep.equal({ locations: 1, tasks: 0 })
    expect((await apply(NFS)).counts).to.include({ created: 0, updated: 0 })
  })
})
