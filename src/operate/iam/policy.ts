import type { AwsContext } from '../../aws/context.js'
import type { Names } from '../../aws/names.js'
import type { PolicyDocument, Statement } from '../../aws/policy.js'
import type { Environment } from '../../config/schema.js'
import { environmentResources } from '../../pipeline/environment.js'
import { deployerStatements } from '../../pipeline/policies/deployer.js'
import { operatorStatements } from '../../pipeline/policies/operator.js'
import { uploadPolicy } from '../../pipeline/policies/upload.js'
import type { AwsResource } from '../../resources/resource.js'
import { VERSION } from '../../version.js'
import { policyCharacters, toDocuments } from './documents.js'
import { wildcardsIn, type UsedWildcard } from './wildcards.js'

/** Who a policy is for: `deployer` runs up and down, `upload` is the machine with the files, `operator` runs and asks. */
export type Principal = 'deployer' | 'upload' | 'operator'

export interface IamPolicyResult {
  for: Principal
  /** Several when one would be larger than IAM takes; all of them belong together. */
  documents: { name: string; characters: number; document: PolicyDocument }[]
  /** Every `*` that stays, and why. */
  wildcards: { actions: string[]; resources: string[]; reason: string; limit: string | null }[]
}

/**
 * The least-privilege policy of a principal for this environment. Asks AWS nothing: it follows from the configuration and
 * the names, so it can be had before anything exists.
 */
export function iamPolicy(aws: AwsContext, environment: Environment, principal: Principal): IamPolicyResult {
  const { names } = aws
  const resources = resourcesOf(aws, environment)
  const documents = toDocuments(statementsFor(names, resources, environment, principal))
  const own = resources.map(({ name }) => name)
  const used = documents.flatMap((document) => wildcardsIn(document, own))
  return {
    for: principal,
    documents: documents.map((document, index) => ({
      name: `${names.stem}-${principal}${documents.length === 1 ? '' : `-${index + 1}`}`,
      characters: policyCharacters(document),
      document,
    })),
    wildcards: joined(used),
  }
}

function statementsFor(
  names: Names,
  resources: readonly AwsResource[],
  environment: Environment,
  principal: Principal,
): Statement[] {
  switch (principal) {
    case 'deployer':
      return deployerStatements(names, resources, environment)
    case 'operator':
      return operatorStatements(names, resources)
    case 'upload':
      return uploadPolicy(names).Statement
  }
}

/** Everything that the configuration asks for. Zones decide nothing about permissions, so none are chosen. */
export function resourcesOf(aws: AwsContext, environment: Environment): AwsResource[] {
  const zoneIds = Array.from({ length: environment.network.zones }, (_zone, index) => `zone-${index + 1}`)
  // Which image it is makes no difference, only that there is one to build and to look at.
  const image = { pinned: 'any' }
  const { all } = environmentResources(aws, environment, { zoneIds, version: VERSION, image })
  for (const resource of all) resource.resolveUnknown()
  return all
}

/** Those with the same reason together: what may be done, on what. */
function joined(used: readonly UsedWildcard[]): IamPolicyResult['wildcards'] {
  const entries = new Map<string, IamPolicyResult['wildcards'][number]>()
  for (const { actions, limit, reason, resource } of used) {
    const key = [[...actions].sort().join(), reason, limit].join('\n')
    const entry = entries.get(key) ?? {
      actions: [...actions].sort(),
      resources: [],
      reason: reason ?? '',
      limit: limit ?? null,
    }
    if (!entry.resources.includes(resource)) entry.resources.push(resource)
    entries.set(key, entry)
  }
  return [...entries.values()]
}
