import type { Change } from '../engine/change.js'

export const TAG = {
  project: 'datapipe:project',
  env: 'datapipe:env',
  id: 'datapipe:id',
  managed: 'datapipe:managed',
  /** On what was there before the environment, which took it over. */
  adopted: 'datapipe:adopted',
} as const

export type Tags = Record<string, string>

/** The tags of one resource: whose it is, and which logical id it is. */
export function tagsFor(project: string, env: string, id: string, name: string): Tags {
  return { [TAG.project]: project, [TAG.env]: env, [TAG.id]: id, [TAG.managed]: 'true', Name: name }
}

/** Ours = carries our project and our environment (spec §1.3). */
export function isOurs(tags: Tags, project: string, env: string): boolean {
  return tags[TAG.project] === project && tags[TAG.env] === env
}

/** Tags that are missing or differ. Tags that others added are theirs and stay. */
export function diffTags(observed: Tags, desired: Tags): Change[] {
  return Object.entries(desired)
    .filter(([key, value]) => observed[key] !== value)
    .map(([key, value]) => ({ path: `tags.${key}`, from: observed[key] ?? null, to: value, replaces: false }))
}

/** `{Key, Value}`: EC2, S3, IAM, ECR, SNS, EventBridge, Athena. */
export function upperTags(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** `{key, value}`: ECS, Step Functions, CodeBuild. */
export function lowerTags(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}

/** `{TagKey, TagValue}`: KMS alone. */
export function kmsTags(tags: Tags): { TagKey: string; TagValue: string }[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
}

/** Any of the three list shapes back to a map. */
export function fromTagList(
  list:
    | readonly {
        Key?: string
        Value?: string
        key?: string
        value?: string
        TagKey?: string
        TagValue?: string
      }[]
    | undefined,
): Tags {
  return Object.fromEntries(
    (list ?? []).map((tag) => [
      tag.Key ?? tag.key ?? tag.TagKey ?? '',
      tag.Value ?? tag.value ?? tag.TagValue ?? '',
    ]),
  )
}
