/** Whether a CI system runs this, going by the variable that all of them set. */
export function isContinuousIntegration(env: NodeJS.ProcessEnv): boolean {
  return env.CI !== undefined && env.CI !== '' && env.CI !== 'false'
}
