import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import { SPARK_SCRIPT, scriptKey } from '../../../src/transform/spark/script.js'

/** What the script needs of Glue and Spark, recording what is asked of it. */
const FAKES = `
import sys, types
asked = []
class Catalog:
    def listTables(self, database):
        asked.append(database)
        return ["a", "b"]
class Session:
    catalog = Catalog()
class GlueContext:
    def __init__(self, context):
        self.spark_session = Session()
class Job:
    def __init__(self, glue): pass
    def init(self, name, args): asked.append(name)
    def commit(self): asked.append("commit")
class SparkContext:
    @staticmethod
    def getOrCreate(): return object()
def getResolvedOptions(argv, names):
    return {name: argv[argv.index("--" + name) + 1] for name in names}
def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
module("awsglue"); module("pyspark")
module("awsglue.context", GlueContext=GlueContext)
module("awsglue.job", Job=Job)
module("awsglue.utils", getResolvedOptions=getResolvedOptions)
module("pyspark.context", SparkContext=SparkContext)
source = sys.stdin.read()
try:
    exec(compile(source, "script.py", "exec"), {"__name__": "__main__"})
finally:
    print(asked)
`

function python(...args: string[]) {
  return spawnSync('python3', ['-c', FAKES, ...args], { input: SPARK_SCRIPT, encoding: 'utf8' })
}

describe('the Spark script', () => {
  it('opens the database it is given', () => {
    const { status, stderr, stdout } = python('--JOB_NAME', 'dp-dev-spark', '--database', 'dp_dev')
    expect(status, stderr).to.equal(0)
    expect(stdout).to.equal("datapipe: database dp_dev has 2 tables\n['dp-dev-spark', 'dp_dev', 'commit']\n")
  })

  it('does not pretend to transform', () => {
    const { status, stderr, stdout } = python(
      '--JOB_NAME',
      'j',
      '--database',
      'd',
      '--source',
      's3://raw/a.csv',
    )
    expect(status).to.equal(1)
    expect(stderr).to.contain('transforms no files')
    expect(stdout).to.equal('[]\n')
  })

  it('has a key of its own for each content', () => {
    expect(scriptKey('scripts/', 'a')).to.match(/^scripts\/[0-9a-f]{16}\.py$/)
    expect(scriptKey('scripts/', 'a')).to.equal(scriptKey('scripts/', 'a'))
    expect(scriptKey('scripts/', 'a')).to.not.equal(scriptKey('scripts/', 'b'))
  })
})
