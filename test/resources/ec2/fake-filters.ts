import type { Filter, Tag } from '@aws-sdk/client-ec2'

type Values = (string | undefined)[]

/** What a describe call answers: by ids, or by filters that must all match. `fields` reads what a filter name stands for. */
export function select<T extends { Tags?: Tag[]; TagSet?: Tag[] }>(
  items: Iterable<T>,
  filters: Filter[] | undefined,
  fields: Record<string, (item: T) => Values>,
): T[] {
  return [...items].filter((item) =>
    (filters ?? []).every(({ Name: name = '', Values: wanted = [] }) => {
      if (name.startsWith('tag:')) {
        const tag = item.Tags?.find((candidate) => candidate.Key === name.slice('tag:'.length))
        return wanted.includes(tag?.Value ?? '')
      }
      const field = fields[name]
      if (field === undefined) throw new Error(`the fake knows no filter ${name} here`)
      return field(item).some((value) => value !== undefined && wanted.includes(value))
    }),
  )
}
