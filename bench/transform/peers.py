"""One Python peer: reads a sensor CSV with declared types and writes Parquet. Prints what it took as JSON."""
import json
import os
import resource
import sys
import time

peer, path, out = sys.argv[1:4]


def usage():
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


if peer == "pandas":
    import pandas as pd
elif peer == "polars":
    import polars as pl
else:
    from pyspark.sql import SparkSession



def machine_usage(process):
    """CPU seconds and highest resident KiB of a process that is no child that we wait for: the JVM of Spark."""
    with open(f"/proc/{process}/stat") as stat, open(f"/proc/{process}/status") as status:
        ticks = stat.read().rsplit(")", 1)[1].split()[11:13]
        highest = next(line for line in status if line.startswith("VmHWM")).split()[1]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), int(highest)


jvm_cpu, jvm_resident = 0, 0
cpu, started = usage(), time.perf_counter()
if peer == "pandas":
    frame = pd.read_csv(path, dtype={"measurement": "float64", "samples": "Int32"}, engine="pyarrow")
    for name in ("start_time", "end_time"):
        frame[name] = pd.to_datetime(frame[name])
    frame.to_parquet(f"{out}/pandas.parquet", compression="zstd")
elif peer == "polars":
    types = {"start_time": pl.String, "end_time": pl.String, "measurement": pl.Float64, "samples": pl.Int32}
    frame = pl.scan_csv(path, schema=types)
    times = [pl.col(n).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us") for n in ("start_time", "end_time")]
    frame.with_columns(times).sink_parquet(f"{out}/polars.parquet", compression="zstd")
else:
    spark = SparkSession.builder.master("local[*]").config("spark.driver.bindAddress", "127.0.0.1")
    spark = spark.config("spark.driver.host", "127.0.0.1").config("spark.ui.enabled", "false").getOrCreate()
    schema = "start_time TIMESTAMP, end_time TIMESTAMP, measurement DOUBLE, samples INT"
    spark.read.csv(path, header=True, schema=schema).write.option("compression", "zstd").parquet(f"{out}/spark")
    jvm_cpu, jvm_resident = machine_usage(spark._jvm.java.lang.ProcessHandle.current().pid())
    spark.stop()
seconds = time.perf_counter() - started
resident = max(resource.getrusage(k).ru_maxrss for k in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
total = {"seconds": seconds, "cpu": usage() - cpu + jvm_cpu, "mebibytes": max(resident, jvm_resident) / 1024}
print(json.dumps(total))
