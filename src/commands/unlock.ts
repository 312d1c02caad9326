import { Flags } from '@oclif/core'
import { DatapipeError } from '../errors.js'
import type { UnlockResult } from '../operate/unlock/unlock.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { canAsk, confirm } from '../ui/confirm.js'
import { formatDuration } from '../ui/format.js'
import { renderLease } from '../ui/unlock.js'

export default class Unlock extends DatapipeCommand<UnlockResult, typeof Unlock> {
  static override summary = 'Show which run holds the lease of an environment, and break it.'
  static override description = `up, down, image build and image rollback hold the lease while they work, so that one at a time changes the environment. One whose run was \
killed expires by itself within about a minute, on the same machine at once. So this is for a run that hangs and that you cannot stop, and for what is \
stored in place of a lease.

A run that lost its lease changes nothing any more once its last renewal is half a minute old; until then nobody else gets the lease, and this \
command waits. It ends with LEASE_LOST (exit code 3) and leaves its work part-way: run \`datapipe up\` again. The risk that is left: a change that it had \
sent before, and that the network held up for longer than that, still arrives.

A lease is broken only if its run still holds it: when another one has taken it meanwhile, nothing is touched (exit code 4).`
  static override examples = [
    {
      description: 'Who holds it? Asks before it breaks it',
      command: '<%= config.bin %> <%= command.id %> --env dev',
    },
    {
      description: 'Exactly the one that an error named',
      command:
        '<%= config.bin %> <%= command.id %> --env prod --lease 6f1d2c1e-40ab-4a6c-9e0e-0b8f6f0f7a35 --confirm prod',
    },
  ]
  static override flags = {
    lease: Flags.string({ description: 'Break only this one.', helpValue: 'ID' }),
    confirm: Flags.string({
      description: 'The name of the environment, instead of being asked.',
      helpValue: 'ENV',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask. Not enough for a protected environment.' }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<UnlockResult>> {
    const { environment, reporter, signal } = context
    const { checkConfirmed, consentToUnlock } = await import('../operate/unlock/consent.js')
    checkConfirmed(environment, this.flags.confirm)
    const aws = await context.aws()
    const { findLease, requireSame } = await import('../operate/unlock/find.js')
    const { S3LeaseStore } = await import('../aws/s3-lease-store.js')
    const found = await findLease(new S3LeaseStore(aws))
    if (found === undefined) {
      reporter.out(`Nobody holds the lease of ${context.env}.`)
      return { result: { lease: null, outcome: 'free' } }
    }
    if (this.flags.lease !== undefined) requireSame(this.flags.lease, found)
    const { lease } = found
    reporter.out(lease === undefined ? 'What is stored as the lease is not a lease.' : renderLease(lease))
    const consent = consentToUnlock({
      environment,
      confirm: this.flags.confirm,
      yes: this.flags.yes,
      canAsk: canAsk() && !this.jsonEnabled(),
      found: { lease: lease ?? null },
    })
    if (
      consent === 'ask' &&
      !(await confirm('Is that run dead, or may it stop part-way? Break its lease?', signal))
    ) {
      throw new DatapipeError('NOT_CONFIRMED', 'Nothing was broken.')
    }
    const { unlock } = await import('../operate/unlock/unlock.js')
    const result = await unlock(aws, found, {
      signal,
      onWait: (ms) => {
        reporter.info(`Broken. Waiting ${formatDuration(ms)}, until that run must have noticed.`)
      },
    })
    reporter.info(
      result.outcome === 'free'
        ? `That run gave its lease back meanwhile: nobody holds the lease of ${context.env}.`
        : `The lease of ${context.env} is free.`,
    )
    return { result }
  }
}
