"""Reads a table as PyArrow or Spark does, and prints it as JSON: {"types": {name: type}, "rows": [{name: value}]}.

Values are text that every engine can be compared by: digits of whole numbers and decimals, bits of doubles in hexadecimal,
dates as days and times as microseconds since 1970.

Usage: read_table.py pyarrow|spark FOLDER PARTITION
"""

import decimal
import json
import struct
import sys


def bits(value):
    return None if value is None else struct.pack(">d", value).hex()


def read_with_pyarrow(folder, partition):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    keys = ds.partitioning(pa.schema([(partition, pa.string())]), flavor="hive")
    table = ds.dataset(folder, partitioning=keys).to_table().sort_by("id")
    columns = {}
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.int64())
        elif pa.types.is_date(field.type):
            column = column.cast(pa.int32())
        values = column.to_pylist()
        if pa.types.is_floating(field.type):
            columns[field.name] = [bits(value) for value in values]
        elif pa.types.is_boolean(field.type):
            columns[field.name] = [None if value is None else str(value).lower() for value in values]
        elif pa.types.is_decimal(field.type):
            columns[field.name] = [None if value is None else format(value, "f") for value in values]
        else:
            columns[field.name] = [None if value is None else str(value) for value in values]
    types = {field.name: str(field.type) for field in table.schema}
    return types, columns


def read_with_spark(folder, partition):
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as f
    from pyspark.sql.types import DoubleType

    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        # Athena takes the type of a partition column from the catalog; Spark would guess a number.
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        # The default of Spark 4. Spark 3 refuses days before 15 October 1582 in files that another engine wrote.
        .config("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    frame = spark.read.parquet(folder)
    types = dict(frame.dtypes)

    def canonical(name, kind):
        column = f.col(name)
        if kind == "date":
            return f.expr(f"unix_date(`{name}`)").cast("string")
        if kind == "timestamp":
            return f.expr(f"unix_micros(`{name}`)").cast("string")
        if kind == "timestamp_ntz":
            return f.expr(f"unix_micros(CAST(`{name}` AS timestamp))").cast("string")
        if kind == "double" or kind.startswith("decimal"):
            return column
        return column.cast("string")

    exact = decimal.Context(prec=80, traps=[decimal.Inexact, decimal.InvalidOperation])
    rows = frame.orderBy("id").select(*[canonical(n, k).alias(n) for n, k in types.items()]).collect()
    columns = {name: [] for name in types}
    for row in rows:
        for name, kind in types.items():
            value = row[name]
            if kind == "double":
                value = bits(value)
            elif kind.startswith("decimal") and value is not None:
                # Spark hands over 1E-10 as 1.00E-10.
                scale = int(kind.rstrip(")").split(",")[1])
                value = format(exact.quantize(value, decimal.Decimal(1).scaleb(-scale)), "f")
            columns[name].append(value)
    spark.stop()
    return types, columns


def main():
    engine, folder, partition = sys.argv[1:4]
    types, columns = {"pyarrow": read_with_pyarrow, "spark": read_with_spark}[engine](folder, partition)
    count = len(next(iter(columns.values())))
    rows = [{name: values[index] for name, values in columns.items()} for index in range(count)]
    json.dump({"types": types, "rows": rows}, sys.stdout)


main()
