export type Answer = (operation: string, input: never) => object | undefined | Promise<object | undefined>

interface Stack {
  middlewareStack: {
    add(
      middleware: (
        next: (args: never) => Promise<unknown>,
        context: { commandName?: string },
      ) => (args: { input: unknown }) => Promise<unknown>,
      options: { step: 'deserialize'; priority: 'high' },
    ): void
  }
}

/**
 * Answers calls of a client in place of the server, for what the emulator lacks. Behind the middleware that records, so that the
 * calls are recorded like all others; an error that is thrown goes through the SDK's retries.
 * @param answer undefined: the server answers
 */
export function answerCalls(client: unknown, answer: Answer): void {
  ;(client as Stack).middlewareStack.add(
    (next, context) => async (args) => {
      const operation = (context.commandName ?? '').replace(/Command$/, '')
      const output = await answer(operation, args.input as never)
      if (output === undefined) return next(args as never)
      return { output: { $metadata: {}, ...output }, response: { statusCode: 200, headers: {} } }
    },
    { step: 'deserialize', priority: 'high' },
  )
}

/** An error as a service answers it. */
export function serviceError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: 400 } })
}
