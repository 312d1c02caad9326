import type { AwsRequest } from '../realism/request.js'
import type { Refusal, Rule } from '../realism/rule.js'
import type { Fresh } from './kinds.js'

interface Use {
  service: string
  actions: readonly string[]
  /** What has to be fresh: a role, a key, or the service-linked role of ECS. */
  of: 'role' | 'key' | 'service-role'
  refuse: Refusal
}

const refusal = (code: string, message: string, status = 400): Refusal => ({ code, message, status })

/** Where a role or key is looked at, and what is said when it cannot be seen there yet (spec §14). */
const USES: readonly Use[] = [
  {
    service: 'states',
    actions: ['CreateStateMachine', 'UpdateStateMachine'],
    of: 'role',
    refuse: refusal(
      'AccessDeniedException',
      'Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.',
    ),
  },
  {
    service: 'scheduler',
    actions: ['CreateSchedule', 'UpdateSchedule'],
    of: 'role',
    refuse: refusal(
      'ValidationException',
      'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
    ),
  },
  {
    service: 'events',
    actions: ['PutTargets'],
    of: 'role',
    refuse: refusal(
      'ValidationException',
      "Provided role cannot be assumed by principal 'events.amazonaws.com'.",
    ),
  },
  {
    service: 'glue',
    actions: ['CreateCrawler', 'CreateJob', 'UpdateCrawler', 'UpdateJob'],
    of: 'role',
    refuse: refusal(
      'InvalidInputException',
      "Service is unable to assume provided role. Please verify role's TrustPolicy",
    ),
  },
  {
    service: 'codebuild',
    actions: ['CreateProject', 'UpdateProject'],
    of: 'role',
    refuse: refusal('InvalidInputException', 'CodeBuild is not authorized to perform: sts:AssumeRole'),
  },
  {
    service: 'ec2',
    actions: ['CreateFlowLogs'],
    of: 'role',
    refuse: refusal('InvalidParameter', 'Unable to assume given IAM role.'),
  },
  {
    service: 'datasync',
    actions: ['CreateLocationS3'],
    of: 'role',
    refuse: refusal('InvalidRequestException', 'Unable to assume role. Reason: Access denied'),
  },
  {
    service: 'kms',
    actions: ['CreateKey', 'PutKeyPolicy'],
    of: 'role',
    refuse: refusal(
      'MalformedPolicyDocumentException',
      'Policy contains a statement with one or more invalid principals.',
    ),
  },
  {
    service: 's3',
    actions: ['PUT policy'],
    of: 'role',
    refuse: refusal('MalformedPolicy', 'Invalid principal in policy'),
  },
  {
    service: 'sns',
    actions: ['SetTopicAttributes'],
    of: 'role',
    refuse: refusal('InvalidParameter', 'Invalid parameter: Policy Error: PrincipalNotFound'),
  },
  {
    service: 'sqs',
    actions: ['SetQueueAttributes'],
    of: 'role',
    refuse: refusal('InvalidAttributeValue', 'Invalid value for the parameter Policy.'),
  },
  {
    service: 'logs',
    actions: ['AssociateKmsKey', 'CreateLogGroup'],
    of: 'key',
    refuse: refusal(
      'AccessDeniedException',
      'The specified KMS key does not exist or is not allowed to be used with LogGroup.',
    ),
  },
  {
    service: 'ecs',
    actions: ['CreateCluster'],
    of: 'service-role',
    refuse: refusal(
      'InvalidParameterException',
      'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
    ),
  },
]

interface FreshThing {
  of: Use['of']
  /** How a request shows that it is about it; empty: every request is. */
  mark: string
  left: number
}

/** Roles, keys and service-linked roles that were just created are not usable everywhere: their first uses are refused. */
export function freshRoles(options: Fresh & { refusals: number }): Rule[] {
  const { chance, forgetting, injected, rate, refusals } = options
  const fresh: FreshThing[] = []
  let created = 0
  forgetting.push(() => {
    fresh.length = 0
  })
  const add = (of: Use['of'], mark: string) => {
    const name = `${of}#${++created} refused`
    if (chance.of(name) >= rate) return
    fresh.push({ of, mark, left: chance.whole(`${name} times`, 1, refusals) })
  }
  const births: Rule[] = [
    {
      name: 'new in IAM',
      service: 'iam',
      actions: ['CreateRole', 'CreateServiceLinkedRole'],
      after(request, body) {
        if (request.action === 'CreateRole') add('role', `role/${String(request.params.RoleName)}`)
        else add('service-role', '')
        return body
      },
    },
    {
      name: 'new in KMS',
      service: 'kms',
      actions: ['CreateKey'],
      after(_, body) {
        add('key', /"KeyId"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? '')
        return body
      },
    },
  ]
  const uses = USES.map(({ actions, of, refuse, service }): Rule => ({
    name: 'not usable yet',
    service,
    actions,
    before(request) {
      const said = spoken(request)
      const one = fresh.find((thing) => thing.of === of && thing.left > 0 && said.includes(thing.mark))
      if (one === undefined) return undefined
      one.left--
      injected('refused-role', request)
      return { refuse }
    },
  }))
  return [...births, ...uses]
}

/** The whole request, in plain letters. */
function spoken({ body, headers }: AwsRequest): string {
  const words = body.toString()
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  return isForm ? [...new URLSearchParams(words).values()].join('\n') : words.replaceAll('\\/', '/')
}
