import {
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeTagsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import {
  DescribeKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms'
import { AwsClients, type ApiCall } from '../../src/aws/clients.js'
import { AwsContext } from '../../src/aws/context.js'
import { Names } from '../../src/aws/names.js'
import { fromTagList, type Tags } from '../../src/aws/tags.js'

/** Account and region of moto. */
export const ACCOUNT = '123456789012'
export const REGION = 'eu-north-1'

/** What IAM would know about resources without names: their tags, by id. */
export interface Facts {
  tags: ReadonlyMap<string, Tags>
  /** Alias -> key id. */
  aliases: ReadonlyMap<string, string>
  /** Id of the association of a route table or network ACL -> it and the subnet. */
  associations: ReadonlyMap<string, string[]>
}

/** When nothing is there yet. */
export const NOTHING: Facts = { tags: new Map(), aliases: new Map(), associations: new Map() }

/** A context on moto that remembers every call. */
export function recordingContext(
  endpoint: string,
  calls: ApiCall[],
  place: { project: string; env: string } = { project: 'sensors', env: 'dev' },
  { emulated = true }: { emulated?: boolean } = {},
): AwsContext {
  const names = new Names({ ...place, account: ACCOUNT, region: REGION, bucketNamespace: 'account-regional' })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const clients = new AwsClients({ region: REGION, endpoint, credentials })
  clients.onCall = (call) => {
    // Inputs may be changed by whoever sent them; bodies are of no interest here.
    calls.push({ ...call, input: withoutBody(call.input) })
  }
  return new AwsContext({ clients, names, emulated })
}

function withoutBody(input: unknown): unknown {
  const entries = Object.entries(input as Record<string, unknown>)
  return structuredClone(Object.fromEntries(entries.filter(([key]) => key !== 'Body')))
}

/** Reads from moto what it knows of resources without names. */
export async function readFacts(endpoint: string): Promise<Facts> {
  const client = {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const ec2 = new EC2Client(client)
  const kms = new KMSClient(client)
  const tags = new Map<string, Tags>()
  const { Tags: found = [] } = await ec2.send(new DescribeTagsCommand({}))
  for (const { Key = '', ResourceId = '', Value = '' } of found)
    tags.set(ResourceId, { ...tags.get(ResourceId), [Key]: Value })
  const aliases = new Map<string, string>()
  const { Keys: keys = [] } = await kms.send(new ListKeysCommand({}))
  for (const { KeyId = '' } of keys) {
    const { Tags: keyTags } = await kms.send(new ListResourceTagsCommand({ KeyId }))
    tags.set(KeyId, fromTagList(keyTags))
  }
  for (const alias of await aliasNames(kms)) {
    const { KeyMetadata: key } = await kms.send(new DescribeKeyCommand({ KeyId: alias }))
    if (key?.KeyId !== undefined) aliases.set(alias, key.KeyId)
  }
  const associations = new Map<string, string[]>()
  const { RouteTables: tables = [] } = await ec2.send(new DescribeRouteTablesCommand({}))
  for (const { RouteTableAssociationId: id, RouteTableId = '', SubnetId } of tables.flatMap(
    (table) => table.Associations ?? [],
  )) {
    if (id !== undefined && SubnetId !== undefined) associations.set(id, [RouteTableId, SubnetId])
  }
  const { NetworkAcls: acls = [] } = await ec2.send(new DescribeNetworkAclsCommand({}))
  for (const { NetworkAclAssociationId: id, NetworkAclId = '', SubnetId } of acls.flatMap(
    (acl) => acl.Associations ?? [],
  )) {
    if (id !== undefined && SubnetId !== undefined) associations.set(id, [NetworkAclId, SubnetId])
  }
  ec2.destroy()
  kms.destroy()
  return { tags, aliases, associations }
}

async function aliasNames(kms: KMSClient): Promise<string[]> {
  const { Aliases: aliases = [] } = await kms.send(new ListAliasesCommand({}))
  return aliases.flatMap(({ AliasName, TargetKeyId }) =>
    AliasName === undefined || TargetKeyId === undefined || AliasName.startsWith('alias/aws/')
      ? []
      : [AliasName],
  )
}
