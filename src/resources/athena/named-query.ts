import {
  AthenaClient,
  BatchGetNamedQueryCommand,
  CreateNamedQueryCommand,
  DeleteNamedQueryCommand,
  GetNamedQueryCommand,
  GetWorkGroupCommand,
  paginateListNamedQueries,
  UpdateNamedQueryCommand,
  type NamedQuery,
} from '@aws-sdk/client-athena'
import type { AwsContext } from '../../aws/context.js'
import { isAwsError } from '../../aws/retry.js'
import { diffProperties, type Change } from '../../engine/change.js'
import type { Deletion, Observed, ResourceOptions } from '../../engine/resource.js'
import { DatapipeError, messageOf } from '../../errors.js'
import { AwsResource } from '../resource.js'

export interface NamedQueryProperties {
  description: string
  workgroup: string
  database: string
  sql: string
}

export interface NamedQueryAttributes {
  queryId: string
}

interface ObservedNamedQuery extends Observed<NamedQueryAttributes> {
  properties: { description: string; database: string; sql: string }
}

/** Description of what an emulator cannot delete. */
const GONE = 'datapipe: deleted'
/** BatchGetNamedQuery takes 50. */
const BATCH = 50

/**
 * A query that Athena keeps in a workgroup (spec §11.3). Athena makes neither names unique nor tags possible: it is found by
 * its name among the queries of the environment's own workgroup, where a name that begins with the stem of the environment
 * is ours. Text and description can be changed; the database cannot.
 */
export class AthenaNamedQuery extends AwsResource<NamedQueryAttributes, ObservedNamedQuery> {
  readonly type = 'AWS::Athena::NamedQuery'
  readonly iamActions = [
    'athena:BatchGetNamedQuery',
    'athena:CreateNamedQuery',
    'athena:DeleteNamedQuery',
    'athena:ListNamedQueries',
    'athena:UpdateNamedQuery',
  ]

  readonly #athena: AthenaClient

  constructor(
    aws: AwsContext,
    id: string,
    name: string,
    private readonly properties: NamedQueryProperties,
    options: ResourceOptions = {},
  ) {
    super(aws, id, name, options)
    this.#athena = aws.clients.of(AthenaClient)
  }

  /** @throws DatapipeError DUPLICATE_RESOURCE */
  async read(): Promise<ObservedNamedQuery | undefined> {
    const all = await namedQueries(this.aws, this.properties.workgroup)
    const found = all.filter(({ Name }) => Name === this.name)
    const [query] = found
    if (query?.NamedQueryId === undefined) return undefined
    if (found.length > 1) throw this.#duplicate(found)
    return {
      physicalId: query.NamedQueryId,
      attributes: { queryId: query.NamedQueryId },
      owned: this.name.startsWith(`${this.aws.names.stem}/`),
      properties: {
        description: query.Description ?? '',
        database: query.Database ?? '',
        sql: query.QueryString ?? '',
      },
    }
  }

  diff(observed: ObservedNamedQuery): Change[] {
    const { database, description, sql } = this.properties
    return diffProperties(observed.properties, { description, database, sql }, { replaces: ['database'] })
  }

  async create(): Promise<NamedQueryAttributes> {
    const { NamedQueryId: queryId = '' } = await this.#athena.send(
      new CreateNamedQueryCommand({
        Name: this.name,
        Description: this.properties.description,
        Database: this.properties.database,
        QueryString: this.properties.sql,
        WorkGroup: this.properties.workgroup,
      }),
    )
    return { queryId }
  }

  async update(observed: ObservedNamedQuery): Promise<NamedQueryAttributes> {
    // moto has no UpdateNamedQuery.
    if (this.aws.emulated) return this.create()
    await this.#athena.send(
      new UpdateNamedQueryCommand({
        NamedQueryId: observed.attributes.queryId,
        Name: this.name,
        Description: this.properties.description,
        QueryString: this.properties.sql,
      }),
    )
    return observed.attributes
  }

  async delete(observed: ObservedNamedQuery): Promise<Deletion> {
    // moto has no DeleteNamedQuery; the latest one of a name says that it is gone.
    if (this.aws.emulated) {
      await this.#athena.send(
        new CreateNamedQueryCommand({
          Name: this.name,
          Description: GONE,
          Database: observed.properties.database,
          QueryString: '-',
          WorkGroup: this.properties.workgroup,
        }),
      )
      return { status: 'deleted' }
    }
    try {
      await this.#athena.send(new DeleteNamedQueryCommand({ NamedQueryId: observed.attributes.queryId }))
      return { status: 'deleted' }
    } catch (error) {
      if (!isMissing(error)) throw error
      return { status: 'absent' }
    }
  }

  #duplicate(found: readonly NamedQuery[]): DatapipeError {
    return new DatapipeError(
      'DUPLICATE_RESOURCE',
      `${this.id} exists ${found.length} times in the workgroup ${this.properties.workgroup}: ${found.map(({ NamedQueryId }) => NamedQueryId).join(', ')}.`,
      {
        suggestions: [
          'Two runs at once made one each, or somebody saved one under the same name. Delete all but one in Athena, and run this again.',
        ],
      },
    )
  }
}

/** Every named query of a workgroup; none when there is no such workgroup. */
export async function namedQueries(aws: AwsContext, workgroup: string): Promise<NamedQuery[]> {
  const athena = aws.clients.of(AthenaClient)
  try {
    // moto lists the queries of a workgroup that is gone.
    if (aws.emulated && !(await workgroupExists(athena, workgroup))) return []
    const ids: string[] = []
    for await (const page of paginateListNamedQueries({ client: athena }, { WorkGroup: workgroup }))
      ids.push(...(page.NamedQueryIds ?? []))
    return aws.emulated ? await oneByOne(athena, ids) : await inBatches(athena, ids)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function workgroupExists(athena: AthenaClient, workgroup: string): Promise<boolean> {
  const { WorkGroup: found } = await athena.send(new GetWorkGroupCommand({ WorkGroup: workgroup }))
  return found !== undefined
}

async function inBatches(athena: AthenaClient, ids: readonly string[]): Promise<NamedQuery[]> {
  const queries: NamedQuery[] = []
  for (let start = 0; start < ids.length; start += BATCH) {
    const answer = await athena.send(
      new BatchGetNamedQueryCommand({ NamedQueryIds: ids.slice(start, start + BATCH) }),
    )
    for (const { ErrorCode, ErrorMessage, NamedQueryId } of answer.UnprocessedNamedQueryIds ?? []) {
      // Deleted between the list and this look: not there any more.
      if (/not found|does not exist/i.test(ErrorMessage ?? '')) continue
      throw new DatapipeError(
        'ATHENA_QUERY_UNREADABLE',
        `Athena did not show the named query ${NamedQueryId ?? '?'}: ${ErrorMessage ?? ErrorCode ?? 'no reason given'}`,
        { suggestions: ['Run the same command again.'] },
      )
    }
    queries.push(...(answer.NamedQueries ?? []))
  }
  return queries
}

/** moto has no BatchGetNamedQuery, and can neither change nor delete a query: the last one made of a name is the one. */
async function oneByOne(athena: AthenaClient, ids: readonly string[]): Promise<NamedQuery[]> {
  const latest = new Map<string | undefined, NamedQuery>()
  for (const NamedQueryId of ids) {
    const { NamedQuery: query } = await athena.send(new GetNamedQueryCommand({ NamedQueryId }))
    if (query !== undefined) latest.set(query.Name, query)
  }
  return [...latest.values()].filter(({ Description }) => Description !== GONE)
}

/** Athena says "not found" with the class of any bad request (spec §11.3). */
function isMissing(error: unknown): boolean {
  return (
    isAwsError(error, 'ResourceNotFoundException') ||
    (isAwsError(error, 'InvalidRequestException') && /not found|does not exist/i.test(messageOf(error)))
  )
}
