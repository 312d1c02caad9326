import type { AwsRequest } from '../realism/request.js'
import type { Refusal, Rule } from '../realism/rule.js'
import type { Fresh } from './kinds.js'
import { ec2Created, ec2Missing, withoutItem, EC2_CREATIONS, EC2_LISTS } from './visibility-ec2.js'

interface Kind {
  service: string
  create: string
  /** What later calls name it by. */
  key: (request: AwsRequest, body: string) => string | undefined
  missing: Refusal
  /** Lists that it is missing from, where asking for it by name is no error. */
  list?: { action: string; without: (body: string, key: string) => string }
}

const param = (name: string) => (request: AwsRequest) => {
  const value = request.params[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
const answered = (pattern: RegExp) => (_: AwsRequest, body: string) => pattern.exec(body)?.[1]
const missing = (code: string, message = 'It does not exist.', status = 400): Refusal => ({
  code,
  message,
  status,
})

/** What else than EC2 shows late, and says "not found" about until then (spec §1.3, §1.7, §4). */
const KINDS: readonly Kind[] = [
  {
    service: 'iam',
    create: 'CreateRole',
    key: param('RoleName'),
    missing: missing('NoSuchEntity', 'The role with this name cannot be found.', 404),
  },
  {
    service: 'kms',
    create: 'CreateKey',
    key: answered(/"KeyId"\s*:\s*"([^"]+)"/),
    missing: missing('NotFoundException', 'The key does not exist.'),
  },
  {
    service: 'kms',
    create: 'CreateAlias',
    key: param('AliasName'),
    missing: missing('NotFoundException', 'The alias is not found.'),
  },
  {
    service: 'sqs',
    create: 'CreateQueue',
    key: param('QueueName'),
    missing: missing('com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.'),
  },
  {
    service: 'sns',
    create: 'CreateTopic',
    key: answered(/<TopicArn>([^<]+)</),
    missing: missing('NotFound', 'Topic does not exist', 404),
  },
  {
    service: 'states',
    create: 'CreateStateMachine',
    key: answered(/"stateMachineArn"\s*:\s*"([^"]+)"/),
    missing: missing('StateMachineDoesNotExist', 'State Machine Does Not Exist.'),
  },
  {
    service: 'logs',
    create: 'CreateLogGroup',
    key: param('logGroupName'),
    missing: missing('ResourceNotFoundException', 'The specified log group does not exist.'),
    list: { action: 'DescribeLogGroups', without: withoutLogGroup },
  },
]

interface Hidden {
  service: string
  key: string
  until: number
  create: string
  missing: Refusal
}

/**
 * What was just created is not found, or missing from lists, for a while: that is how EC2, IAM, KMS, SQS, SNS, Step Functions
 * and CloudWatch Logs are (spec §1.3). Calls that name it are refused with the service's own "not found".
 * @param options ms: how long at most
 */
export function delayedVisibility(options: Fresh & { ms: number }): Rule[] {
  const { chance, forgetting, injected, ms, rate } = options
  const hidden = new Map<string, Hidden>()
  let created = 0
  forgetting.push(() => {
    hidden.clear()
  })
  const hide = (one: Omit<Hidden, 'until'>) => {
    const name = `${one.service}:${one.create}#${++created}`
    if (chance.of(`${name} unseen`) >= rate) return
    hidden.set(one.key, { ...one, until: performance.now() + chance.of(`${name} for`) * ms })
  }
  const unseen = (service: string): Hidden[] => {
    for (const [key, { until }] of hidden) if (performance.now() >= until) hidden.delete(key)
    return [...hidden.values()].filter((one) => one.service === service)
  }

  const services = [...new Set(['ec2', ...KINDS.map(({ service }) => service)])]
  const refusals = services.map((service): Rule => ({
    name: 'not seen yet',
    service,
    actions: 'all',
    before(request) {
      if (listOf(request) !== undefined) return undefined
      const one = unseen(service).find(({ create, key }) => create !== request.action && names(request, key))
      if (one === undefined) return undefined
      injected('unseen', request)
      return { refuse: one.missing }
    },
  }))
  const births = services.map((service): Rule => ({
    name: 'not seen at first',
    service,
    actions: service === 'ec2' ? EC2_CREATIONS : ofService(service).map(({ create }) => create),
    after(request, body) {
      const kind = ofService(service).find(({ create }) => create === request.action)
      const key = service === 'ec2' ? ec2Created(request, body) : kind?.key(request, body)
      if (key === undefined) return body
      const refusal = kind?.missing ?? ec2Missing(key)
      if (refusal !== undefined) hide({ service, key, create: request.action, missing: refusal })
      return body
    },
  }))
  const lists = services.map((service): Rule => ({
    name: 'not listed yet',
    service,
    actions:
      service === 'ec2'
        ? Object.keys(EC2_LISTS)
        : ofService(service).flatMap(({ list }) => list?.action ?? []),
    after(request, body) {
      const without = listOf(request)
      if (without === undefined) return body
      return unseen(service).reduce((seen, { key }) => {
        const rest = without(seen, key)
        if (rest !== seen) injected('unseen', request)
        return rest
      }, body)
    },
  }))
  return [...refusals, ...births, ...lists]
}

const ofService = (service: string) => KINDS.filter((kind) => kind.service === service)

function listOf(request: AwsRequest): ((body: string, key: string) => string) | undefined {
  const { action, params, service } = request
  if (service !== 'ec2')
    return KINDS.find((kind) => kind.service === service && kind.list?.action === action)?.list?.without
  const element = EC2_LISTS[action]
  // Asked for by id, it is an error instead.
  const byId = Object.keys(params).some((name) => /^(?!Filter).*Id\.\d+$/.test(name))
  return element === undefined || byId ? undefined : (body, key) => withoutItem(body, element, key)
}

/** Whether a call is about it: in a parameter of its own, not as something to filter by. */
function names({ params }: AwsRequest, key: string): boolean {
  return Object.entries(params).some(
    ([name, value]) => !name.startsWith('Filter') && typeof value === 'string' && mentions(value, key),
  )
}

/** An ARN or a URL ends with the name of what it stands for. */
function mentions(value: string, key: string): boolean {
  return value === key || value.endsWith(`/${key}`)
}

function withoutLogGroup(body: string, name: string): string {
  const answer = JSON.parse(body) as { logGroups?: { logGroupName?: string }[] }
  const logGroups = answer.logGroups?.filter(({ logGroupName }) => logGroupName !== name)
  return logGroups?.length === answer.logGroups?.length ? body : JSON.stringify({ ...answer, logGroups })
}
