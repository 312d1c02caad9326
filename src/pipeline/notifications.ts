/** What the messages of a state machine need to know. */
export interface NotificationSettings {
  /** Name of the environment. */
  env: string
  topicArn: string
}

type Parameters = Record<string, unknown>

/**
 * Parameters of `sns:publish` for a file that failed for good. Read from the state's data: `$.bucket`, `$.key`,
 * `$.versionId`, `$.error.Error`, `$.error.Cause`.
 */
export function failureNotification({ env, topicArn }: NotificationSettings): Parameters {
  return {
    TopicArn: topicArn,
    Subject: subject(env, 'a file failed'),
    'Message.$': message([
      [`datapipe could not load a file into environment ${env}.`],
      [''],
      ['File:      s3://{}/{}', '$.bucket', '$.key'],
      ['Version:   {}', '$.versionId'],
      ['Error:     {}', '$.error.Error'],
      ['Execution: {}', '$$.Execution.Id'],
      [''],
      ['What to do'],
      ['- datapipe.DataError: the file itself is bad, and trying again will not help. See why with'],
      [`    datapipe show "{}" --env ${env}`, '$.key'],
      ['  and, when it was quarantined because too many of its rows are bad, which rows and why with'],
      [`    datapipe rejects show "{}" --env ${env}`, '$.key'],
      ['  then correct it and upload it again under the same name:'],
      [`    datapipe upload <file> --env ${env}`],
      ['  or, if the file is right and datapipe.yaml was not, correct that and replay the file:'],
      [`    datapipe up --env ${env}`],
      [`    datapipe rejects replay --source "{}" --watch --env ${env}`, '$.key'],
      ['- Any other error: it was tried several times. Once the cause below is gone, process it again with'],
      [`    datapipe run --watch --env ${env} --file "{}"`, '$.key'],
      [''],
      [
        'Nothing of this file was published, other files are not affected, and the file waits in the queue of',
      ],
      ['failed files for 14 days.'],
      [''],
      ['Cause: {}', '$.error.Cause'],
    ]),
  }
}

/**
 * Parameters of `sns:publish` for a file that was loaded. Read from the state's data: `$.bucket`, `$.key`, `$.versionId`, and
 * with numbers `$.read.result`, all four of them. Without them the message says how to see them.
 */
export function successNotification({ env, topicArn }: NotificationSettings, numbers: boolean): Parameters {
  return {
    TopicArn: topicArn,
    Subject: subject(env, 'a file was loaded'),
    'Message.$': message([
      [`datapipe loaded a file into environment ${env}.`],
      [''],
      ['File:      s3://{}/{}', '$.bucket', '$.key'],
      ['Version:   {}', '$.versionId'],
      ['Execution: {}', '$$.Execution.Id'],
      [''],
      ...(numbers
        ? ([
            ['Rows in:       {}', '$.read.result.rowsIn'],
            ['Rows out:      {}', '$.read.result.rowsOut'],
            ['Rows rejected: {}', '$.read.result.rowsRejected'],
            ['Duration:      {} s', '$.read.result.seconds'],
          ] as const)
        : ([['Rows in, out and rejected:'], [`    datapipe status --env ${env}`]] as const)),
    ]),
  }
}

/** Parameters of `sns:publish` when no file was loaded for `days` days. Read from the state's data: `$.last.time`. */
export function noSuccessNotification({ env, topicArn }: NotificationSettings, days: number): Parameters {
  return {
    TopicArn: topicArn,
    Subject: subject(env, `no file loaded for ${days} days`),
    'Message.$': message([
      [`datapipe has loaded no file into environment ${env} for ${days} days or more.`],
      [''],
      ['Last success, or else the start of the environment: {}', '$.last.time'],
      [''],
      ['What to do'],
      [`1. See what ran and what is in the tables:  datapipe status --env ${env}`],
      ['2. Nothing there? Look at the machine that uploads: its cron job, its log, its AWS credentials.'],
      [`3. Files uploaded but not processed?        datapipe run --watch --env ${env}`],
      [`4. Files failed?                            datapipe run --retry-failed --watch --env ${env}`],
      [''],
      [
        'This check runs once a day and repeats until a file is loaded. Its limit is monitoring.noSuccessDays.',
      ],
    ]),
  }
}

/** SNS takes ASCII without line breaks and at most 100 characters, so no key and no error text goes in here (spec §9.3). */
function subject(env: string, what: string): string {
  return `datapipe ${env}: ${what}`.slice(0, 100)
}

/** Lines, each with the paths for its `{}`, as one call of States.Format. */
function message(lines: readonly (readonly [text: string, ...paths: string[]])[]): string {
  const template = lines.map(([text]) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")).join('\n')
  const paths = lines.flatMap(([, ...used]) => used)
  return `States.Format('${template}'${paths.map((path) => `, ${path}`).join('')})`
}
