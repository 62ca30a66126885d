/* The table of columns of what profiled siblings leave in profile/; see columns.h. */
#include "bench/model/column_forms.h"

// clang-format off
static const struct column state_columns[] = {
    INT(state_row, trial_id, "of profile/trials.csv"),
    TEXT(state_row, role, "whose: submitter, worker, forker, child, program, helper; of workers in the run it is their slots"),
    TEXT(state_row, phase, "when: open, warm-up, run (from the gate to the last reap), close"),
    TEXT(state_row, state, "what was done (docs/WHY.md)"),
    TEXT(state_row, by, "who had the CPU, or what the submitter did meanwhile"),
    INT(state_row, ns, "how long, summed over the threads of the role, or over all slots"),
    INT(state_row, ns_error, "by how much records and the workers' CPU time differ; empty: not known"),
    INT(state_row, count, "threads; empty: not counted"),
    TEXT(state_row, source, "how it is known: switches (records of switches), rusage"),
    ROW_SUM_COLUMN(state_row),
};

static const struct column counter_columns[] = {
    INT(counter_row, trial_id, "of profile/trials.csv"),
    TEXT(counter_row, role, "whose: submitter; worker: all others of the trial, be they threads, processes or programs; all: both"),
    TEXT(counter_row, phase, "when: run (from the gate to the last reap)"),
    TEXT(counter_row, pmu, "who counts: software (the kernel), cpu, or a kind of cores as the kernel calls it"),
    TEXT(counter_row, event, "what"),
    TEXT(counter_row, scope, "user+kernel, or user alone where more is not permitted"),
    INT(counter_row, value, "as it was counted: where running_ns is less than enabled_ns, of that part of the time"),
    INT(counter_row, enabled_ns, "how long it was to count, summed over threads"),
    INT(counter_row, running_ns, "how long it did; less: it shared the counters of a CPU with others"),
    TEXT(counter_row, group, "events that count together; software and core in every block, the others in turn"),
    TEXT(counter_row, source, "how it is known: perf_event"),
    ROW_SUM_COLUMN(counter_row),
};

static const struct column ability_columns[] = {
    TEXT(ability_row, host, "where"),
    TEXT(ability_row, kind, "what it is for"),
    TEXT(ability_row, event, "the event that was tried"),
    {COLUMN_OF(ability_row, INT, "errno", error, "of the call that was refused; 0: it counts what it must")},
    TEXT(ability_row, remedy, "that call, and what would allow it"),
};

static const struct column span_columns[] = {
    INT(span_row, trial_id, "of profile/trials.csv"),
    INT(span_row, thread, "its number in the kernel; empty: what a slot did, whichever of its threads that was"),
    TEXT(span_row, role, "whose: submitter, worker, forker, child, program, helper; of a slot: worker"),
    INT(span_row, worker, "number of the worker that it is or works for; empty: none"),
    INT(span_row, cpu, "on which it was, or for which it waited; empty: none, or not known"),
    INT(span_row, from_ns, "from the gate"),
    INT(span_row, to_ns, "likewise"),
    TEXT(span_row, state, "of a thread on-cpu, waiting or off; of a slot as in states.csv"),
    TEXT(span_row, by, "likewise"),
    ROW_SUM_COLUMN(span_row),
};

static const struct column stack_columns[] = {
    INT(stack_row, trial_id, "of profile/trials.csv"),
    TEXT(stack_row, role, "whose: submitter, worker, forker, child, program, helper"),
    TEXT(stack_row, phase, "when: open, warm-up, run, close"),
    TEXT(stack_row, kind, "on: on a CPU; off: off it by itself, with the chain by which it left"),
    INT(stack_row, stack_id, "of frames.csv"),
    INT(stack_row, weight_ns, "how long: a millisecond of CPU time for each sample, or until it was on a CPU again"),
    INT(stack_row, samples, "how often it was seen"),
    ROW_SUM_COLUMN(stack_row),
};

static const struct column frame_columns[] = {
    INT(frame_row, stack_id, "counts from 1"),
    INT(frame_row, depth, "from the outermost frame, 0"),
    TEXT(frame_row, symbol, "function, or the place in the object where no name is known; of the kernel the call or fault by which it was entered"),
    TEXT(frame_row, object, "program or library without its directory, or [kernel]"),
    TEXT(frame_row, build_id, "of the object, in hexadecimal; empty where it has none, or was not read"),
    ROW_SUM_COLUMN(frame_row),
};
// clang-format on

const struct file_format state_format =
    FORMAT(states, state, "In `profile/`: a row is a state of a profiled sibling (`--profile`).");
const struct file_format span_format = FORMAT(
    spans, span,
    "In `profile/`: a row is how long a thread, or a slot, did one thing, in the run of the middle sibling of each "
    "cell; the first 8,000 of a sibling.");
const struct file_format counter_format =
    FORMAT(counters, counter,
           "In `profile/`: a row is an event that was counted in a profiled sibling (`--profile counters`).");
const struct file_format stack_format =
    FORMAT(stacks, stack,
           "In `profile/`: a row is a call chain of a role in a phase of a profiled sibling (`--profile stacks`).");
const struct file_format frame_format = FORMAT(frames, frame, "In `profile/`: a row is a frame of such a chain.");
const struct file_format ability_format =
    FORMAT(abilities, ability, "In `profile/`: a row is what profiling needs of the kernel, and whether it was there.");
