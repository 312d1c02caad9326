import { devNull } from 'node:os'

/**
 * The environment of everything Python that we run: the user's own (PATH, proxies, package index), without AWS logins,
 * which an emulator must never see, and without settings of moto, so that every embedded AWS behaves the same.
 */
export function pythonEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS|MOTO)_/.test(name))
  return {
    ...Object.fromEntries(kept),
    AWS_ACCESS_KEY_ID: 'datapipe',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    PYTHONUNBUFFERED: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_INPUT: '1',
    PIP_USER: '0',
    ...extra,
  }
}
