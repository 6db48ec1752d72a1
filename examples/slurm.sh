#!/bin/sh
# SPDX-License-Identifier: MIT
# A corpus of many files to one data file, as a Slurm job array, on the nodes of a cluster.
#
#	sh examples/shards.sh list OUT corpus/
#	job=$(sbatch --parsable --array=0-63 examples/slurm.sh OUT)
#	sbatch --dependency="afterok:$job" --wrap='sh examples/shards.sh join OUT'
#
# from the project's folder, OUT and the corpus on a file system that all nodes see. Each of the
# 64 tasks takes every 64th file; any other number of tasks ends in the same bytes. A task
# that was killed is submitted again as it was: --array=17 --export=ALL,TASKS=64.
#SBATCH --job-name=nt-shards
#SBATCH --cpus-per-task=1
set -eu
out=$1
tasks=${TASKS:-$SLURM_ARRAY_TASK_COUNT}
n=$(wc -l <"$out/list")
NT_THREADS=${SLURM_CPUS_PER_TASK:-1}
export NT_THREADS

i=$((SLURM_ARRAY_TASK_ID + 1))
while [ "$i" -le "$n" ]; do
	sh "${SLURM_SUBMIT_DIR:-.}/examples/shards.sh" shard "$out" "$i"
	i=$((i + tasks))
done
