"""Running a plan: tasks are plain values, one function runs them, executors only decide where."""
