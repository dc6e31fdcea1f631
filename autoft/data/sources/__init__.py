"""Sources of tables: files and other libraries, as DataFrames whose values nobody has interpreted yet."""
