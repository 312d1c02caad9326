import { fromTagList, type Tags } from '../../src/aws/tags.js'
import { serviceError, type Answer } from './iam-answers.js'
import { ACCOUNT, REGION } from './iam-recording.js'

type Kind = 'agent' | 'location' | 'task'

interface Thing {
  kind: Kind
  input: Record<string, unknown>
  tags: Tags
}

type Input = Record<string, string> & { Tags?: { Key: string; Value: string }[] }

/** A DataSync that keeps what it is told: moto has neither agents nor tags nor executions of it. */
export class FakeDataSync {
  readonly #things = new Map<string, Thing>()
  /** Tags of everything that there was, also after it is gone. */
  readonly tags = new Map<string, Tags>()
  /** Executions by task; moto's tasks never end either. */
  execution: string | undefined
  #serial = 0

  /** As its schedule does. */
  startTask(): void {
    const [task = ''] = [...this.#things].filter(([, { kind }]) => kind === 'task').map(([arn]) => arn)
    this.execution = `${task}/execution/exec-00000000000000001`
  }

  readonly answer: Answer = (operation, given: Input) => {
    const [, verb = '', kind = ''] =
      /^(Create|Describe|Update|Delete)(Agent|Location|Task)/.exec(operation) ?? []
    if (operation.includes('TaskExecution')) return this.#execution(operation)
    if (operation === 'TagResource') return this.#tag(given)
    if (operation === 'ListTagsForResource')
      return { Tags: entries(this.#find(given.ResourceArn ?? '').tags) }
    if (operation.startsWith('List')) return this.#list(operation)
    const arn = given[`${kind}Arn`] ?? ''
    if (verb === 'Create') return this.#create(kind.toLowerCase() as Kind, kind, operation, given)
    if (verb === 'Describe') return this.#describe(arn)
    if (verb === 'Delete') {
      this.#find(arn)
      this.#things.delete(arn)
      return {}
    }
    if (verb !== 'Update') throw new Error(`What is DataSync ${operation}?`)
    Object.assign(this.#find(arn).input, given)
    return {}
  }

  #create(kind: Kind, word: string, operation: string, given: Input): object {
    const prefix = kind === 'location' ? 'loc' : kind
    const arn = `arn:aws:datasync:${REGION}:${ACCOUNT}:${kind}/${prefix}-${String(++this.#serial).padStart(17, '0')}`
    const { Tags: tagList, ...input } = given
    this.#things.set(arn, {
      kind,
      tags: fromTagList(tagList),
      input: { ...input, uri: uriOf(operation, given) },
    })
    this.tags.set(arn, fromTagList(tagList))
    return { [`${word}Arn`]: arn }
  }

  #describe(arn: string): object {
    const { input, kind } = this.#find(arn)
    if (kind === 'agent') return { AgentArn: arn, Name: input.AgentName, Status: 'ONLINE' }
    if (kind === 'location') return { ...input, LocationArn: arn, LocationUri: input.uri }
    return {
      ...input,
      TaskArn: arn,
      Status: this.execution === undefined ? 'AVAILABLE' : 'RUNNING',
      CurrentTaskExecutionArn: this.execution,
    }
  }

  #list(operation: string): object {
    const kind = operation.replace(/^List|s$/g, '').toLowerCase()
    const found = [...this.#things].filter(([, thing]) => thing.kind === kind)
    if (kind === 'agent')
      return { Agents: found.map(([AgentArn, { input }]) => ({ AgentArn, Name: input.AgentName })) }
    if (kind === 'task')
      return { Tasks: found.map(([TaskArn, { input }]) => ({ TaskArn, Name: input.Name })) }
    return { Locations: found.map(([LocationArn, { input }]) => ({ LocationArn, LocationUri: input.uri })) }
  }

  #execution(operation: string): object {
    switch (operation) {
      case 'StartTaskExecution':
        this.startTask()
        return { TaskExecutionArn: this.execution }
      case 'ListTaskExecutions':
        return { TaskExecutions: this.execution === undefined ? [] : [{ TaskExecutionArn: this.execution }] }
      case 'DescribeTaskExecution':
        return { Status: 'SUCCESS' }
      default:
        this.execution = undefined
        return {}
    }
  }

  #tag({ ResourceArn: arn = '', Tags }: Input): object {
    const thing = this.#find(arn)
    Object.assign(thing.tags, fromTagList(Tags))
    return {}
  }

  #find(arn: string): Thing {
    const thing = this.#things.get(arn)
    if (thing === undefined) throw serviceError('InvalidRequestException', `${arn} not found`)
    return thing
  }
}

function entries(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

function uriOf(operation: string, input: Input): string {
  const scheme = operation.replace('CreateLocation', '').toLowerCase()
  const host = input.ServerHostname ?? (input.S3BucketArn ?? '').split(':').at(-1) ?? ''
  return `${scheme}://${host}${input.Subdirectory ?? ''}/`
}
