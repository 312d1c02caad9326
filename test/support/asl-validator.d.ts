declare module 'asl-validator' {
  /** The part that we use; the package has no types. */
  export default function validate(definition: unknown): { isValid: boolean; errors: { Message: string }[] }
}
