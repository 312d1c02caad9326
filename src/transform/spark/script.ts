import { createHash } from 'node:crypto'

/**
 * The script of the Glue Spark job. It opens the catalog of the environment, which proves role, key, security configuration
 * and script location; it transforms nothing, and says so when it is asked to.
 */
export const SPARK_SCRIPT = `"""datapipe: Glue 5.0 Spark job."""

import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext


def main() -> None:
    if "--source" in sys.argv:
        raise SystemExit("datapipe: this version of the Spark job transforms no files.")
    args = getResolvedOptions(sys.argv, ["JOB_NAME", "database"])
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(args["JOB_NAME"], args)
    tables = glue.spark_session.catalog.listTables(args["database"])
    print(f"datapipe: database {args['database']} has {len(tables)} tables")
    job.commit()


if __name__ == "__main__":
    main()
`

/** Key in the artifacts bucket: a changed script gets a new key, so a run never meets half of a change. */
export function scriptKey(prefix: string, script: string): string {
  return `${prefix}${createHash('sha256').update(script).digest('hex').slice(0, 16)}.py`
}
