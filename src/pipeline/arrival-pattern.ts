/** What the inbox takes: the endings that the transform reads. */
export const ENDINGS = [
  ...['csv', 'tsv', 'txt', 'jsonl', 'ndjson'].flatMap((text) => [text, `${text}.gz`, `${text}.zst`]),
  'parquet',
  'xlsx',
]

/**
 * Which objects start the pipeline. One wildcard per ending, because an array of filters is OR. Never a numeric filter on
 * size: EventBridge compares numbers up to 5e9 only, so it would drop larger files silently (spec §9.1).
 */
export function arrivalPattern(bucket: string): object {
  return {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: {
      bucket: { name: [bucket] },
      object: { key: ENDINGS.map((ending) => ({ wildcard: `inbox/*.${ending}` })) },
    },
  }
}
