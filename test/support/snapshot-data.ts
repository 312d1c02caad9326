import { AthenaClient, ListNamedQueriesCommand, ListWorkGroupsCommand } from '@aws-sdk/client-athena'
import { CodeBuildClient, ListProjectsCommand } from '@aws-sdk/client-codebuild'
import { DataSyncClient, ListLocationsCommand, ListTasksCommand } from '@aws-sdk/client-datasync'
import {
  GetCrawlersCommand,
  GetDatabasesCommand,
  GetJobsCommand,
  GetSecurityConfigurationsCommand,
  GlueClient,
} from '@aws-sdk/client-glue'
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { count, names, type EmulatorConfig } from './snapshot-lists.js'

/** What brings data in and makes it queryable. Of agents an emulator knows nothing. */
export async function snapshotData(config: EmulatorConfig) {
  const glue = new GlueClient(config)
  const datasync = new DataSyncClient(config)
  const { DatabaseList: databases } = await glue.send(new GetDatabasesCommand({}))
  const { Crawlers: crawlers } = await glue.send(new GetCrawlersCommand({}))
  const { Jobs: jobs } = await glue.send(new GetJobsCommand({}))
  const { SecurityConfigurations: configurations } = await glue.send(new GetSecurityConfigurationsCommand({}))
  return {
    databases: names(databases?.map(({ Name }) => Name)),
    crawlers: names(crawlers?.map(({ Name }) => Name)),
    jobs: names(jobs?.map(({ Name }) => Name)),
    securityConfigurations: names(configurations?.map(({ Name }) => Name)),
    ...(await snapshotAthena(new AthenaClient(config))),
    projects: names((await new CodeBuildClient(config).send(new ListProjectsCommand({}))).projects),
    secrets: names(
      (await new SecretsManagerClient(config).send(new ListSecretsCommand({}))).SecretList?.map(
        ({ Name }) => Name,
      ),
    ),
    dataSyncLocations: count((await datasync.send(new ListLocationsCommand({}))).Locations),
    dataSyncTasks: count((await datasync.send(new ListTasksCommand({}))).Tasks),
  }
}

/** An emulator deletes no named query: those of a workgroup that is gone are out of everybody's sight. */
async function snapshotAthena(athena: AthenaClient) {
  const { WorkGroups: found } = await athena.send(new ListWorkGroupsCommand({}))
  const workgroups = (found ?? []).map(({ Name }) => Name ?? '')
  const queries = await Promise.all(
    workgroups.map(async (WorkGroup) =>
      count((await athena.send(new ListNamedQueriesCommand({ WorkGroup }))).NamedQueryIds),
    ),
  )
  return {
    workgroups: names(workgroups.filter((name) => name !== 'primary')),
    namedQueries: queries.reduce((total, number) => total + number, 0),
  }
}
