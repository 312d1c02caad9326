import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate'
import type { PolicyDocument } from '../../src/aws/policy.js'
import { ACCOUNT, REGION } from './iam-recording.js'

/** What IAM is asked before a call is let through. */
export interface IamRequest {
  action: string
  /** ARN, or `*` for actions that know no resource. */
  resource: string
  context?: Record<string, string | string[]>
}

export interface Verdict extends IamRequest {
  allowed: boolean
}

interface Caller {
  /** Its identity policies; it is allowed what any of them allows. */
  policies: readonly PolicyDocument[]
  principal?: string
  boundary?: PolicyDocument
  /** Of the resource that is asked for. */
  resourcePolicy?: PolicyDocument
}

const EVERYTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}

/**
 * Asks the simulator. Keys start from the account's root statement, as the environment's key does, unless a resource policy
 * is given.
 * @throws Error for a request that IAM would not understand: unknown action, wrong resource type, invalid policy
 */
export async function decide(caller: Caller, request: IamRequest): Promise<Verdict> {
  const resourcePolicy = caller.resourcePolicy ?? defaultResourcePolicy(request)
  const simulation: Simulation = {
    request: {
      principal: caller.principal ?? `arn:aws:iam::${ACCOUNT}:user/someone`,
      action: request.action,
      resource: { resource: request.resource, accountId: ACCOUNT },
      contextVariables: {
        'aws:PrincipalAccount': ACCOUNT,
        'aws:RequestedRegion': REGION,
        'aws:ResourceAccount': ACCOUNT,
        'aws:SecureTransport': 'true',
        ...request.context,
      },
    },
    identityPolicies: caller.policies.map((policy, index) => ({
      name: `policy-${index + 1}`,
      policy: about(policy, request.action),
    })),
    serviceControlPolicies: [
      { orgIdentifier: 'r-root', policies: [{ name: 'FullAWSAccess', policy: EVERYTHING }] },
    ],
    resourceControlPolicies: [],
    ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
    ...(caller.boundary === undefined
      ? {}
      : { permissionBoundaryPolicies: [{ name: 'boundary', policy: caller.boundary }] }),
  }
  const response = await runSimulation(withKnownKeys(simulation), {})
  if (response.resultType === 'error') {
    throw new Error(
      `${request.action} on ${request.resource}: ${response.errors.message} ${JSON.stringify(response.errors)}`,
    )
  }
  return { ...request, allowed: response.overallResult === 'Allowed' }
}

/** Without the statements about other services: they decide nothing, and cost most of the time. */
function about(policy: PolicyDocument, action: string): PolicyDocument {
  const prefix = action.slice(0, action.indexOf(':') + 1)
  const Statement = policy.Statement.filter(({ Action }) =>
    [Action].flat().some((each) => each === '*' || each.startsWith(prefix)),
  )
  return { ...policy, Statement }
}

/**
 * The simulator knows keys with a variable part after `/` only, and would drop the encryption context of KMS: in policies
 * and requests alike it goes by another name there.
 */
function withKnownKeys(simulation: Simulation): Simulation {
  const text = JSON.stringify(simulation)
  return JSON.parse(
    text.replaceAll('"kms:EncryptionContext:', '"aws:PrincipalTag/kms:EncryptionContext:'),
  ) as Simulation
}

/** Each different request once, in order. */
export async function decideAll(caller: Caller, requests: readonly IamRequest[]): Promise<Verdict[]> {
  const unique = new Map(requests.map((request) => [JSON.stringify(request), request]))
  const verdicts: Verdict[] = []
  for (const request of unique.values()) verdicts.push(await decide(caller, request))
  return verdicts
}

/** The account root, for a request to KMS: IAM decides, as the environment's key policy says. */
function defaultResourcePolicy({ action, resource }: IamRequest): object | undefined {
  if (!action.startsWith('kms:') || !resource.includes(':key/')) return undefined
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  }
}

/** One line for each, for messages of tests. */
export function inWords({ action, context, resource }: IamRequest): string {
  return `${action} on ${resource}${context === undefined ? '' : ` with ${JSON.stringify(context)}`}`
}
