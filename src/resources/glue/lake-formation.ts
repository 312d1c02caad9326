import { DatapipeError, messageOf } from '../../errors.js'

/**
 * In accounts where new databases are governed by Lake Formation, IAM rights alone are not enough (spec §11.1). That is a
 * decision of the account, so datapipe changes nothing there and says what to grant.
 * @throws DatapipeError LAKE_FORMATION_DENIED in place of Glue's own error
 */
export async function explainLakeFormation<T>(call: Promise<T>, database: string): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!messageOf(error).includes('Insufficient Lake Formation permission')) throw error
    const grant = (permissions: string, resource: object) =>
      `aws lakeformation grant-permissions --principal DataLakePrincipalIdentifier=ROLE_ARN --permissions ${permissions} --resource '${JSON.stringify(resource)}'`
    throw new DatapipeError(
      'LAKE_FORMATION_DENIED',
      `Lake Formation governs the Glue catalog of this account and refused access to the database ${database}: ${messageOf(error)}`,
      {
        suggestions: [
          'Ask a Lake Formation administrator to grant the role that you run datapipe with (ROLE_ARN), before the first up:',
          grant('CREATE_DATABASE', { Catalog: {} }),
          'or, when the database exists:',
          grant('ALL', { Database: { Name: database } }),
          grant('ALL', { Table: { DatabaseName: database, TableWildcard: {} } }),
        ],
        cause: error,
      },
    )
  }
}
