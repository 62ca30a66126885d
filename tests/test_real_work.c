/* Workloads that do real work: sha256 and deflate on files, commands. */
#include "tests/prepared.h"
#include "tests/scratch.h"
#include "workloads/line.h"
#include "workloads/sha256.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static int64_t text(const char *words)
{
    return (int64_t)(intptr_t)words;
}

/* The examples of FIPS 180-4: with the padding in the last chunk, and in one of its own. */
static void sha256_is_sha256(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        uint32_t first, last;
    } vectors[] = {
        {"", 0xe3b0c442, 0x7852b855},
        {"abc", 0xba7816bf, 0xf20015ad},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 0x248d6a61, 0x19db06c1},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
         "nopqrstu",
         0xcf5b16a7, 0x7afee9d1},
    };
    uint32_t digest[8];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        sha256((const unsigned char *)vectors[i].bytes, strlen(vectors[i].bytes), digest);
        assert_int_equal(digest[0], vectors[i].first);
        assert_int_equal(digest[7], vectors[i].last);
    }
    unsigned char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    sha256(million, 1000000, digest);
    assert_int_equal(digest[0], 0xcdc76e5c);
    assert_int_equal(digest[7], 0xc7112cd0);
    free(million);
}

static void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

/* Task i has block i, and each block counts to its last byte, also the last, which is shorter. */
static void blocks_are_the_file(void **unused)
{
    (void)unused;
    static const char *const names[] = {"sha256", "deflate"};
    char path[SCRATCH_MAX], bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)mix64(1, i);
    int fd = scratch_file(path);
    assert_true(fd >= 0);
    close(fd);
    for (int k = 0; k < 2; k++) {
        struct prepared bench = prepared_of(workload_find(names[k]));
        *prepared_param(&bench, "file") = text(path);
        *prepared_param(&bench, "block") = 300;
        uint64_t results[6];
        for (int changed = -1; changed < 4; changed++) {
            char copy[1000];
            memcpy(copy, bytes, sizeof copy);
            if (changed >= 0)
                copy[changed < 3 ? changed * 300 + 299 : 999]++;
            write_file(path, copy, sizeof copy);
            assert_int_equal(prepared_make(&bench, 7), 0);
            prepared_agrees(&bench);
            for (uint32_t i = 0; i < 6; i++) {
                uint64_t result = prepared_run(&bench, i, 1);
                if (changed < 0)
                    results[i] = result;
                else
                    assert_int_equal(result == results[i], (int)i % 4 != changed);
            }
            bench.ops->release(bench.state);
        }
    }
    unlink(path);
}

static void lines_become_words(void **unused)
{
    (void)unused;
    struct strings words = {0};
    assert_int_equal(line_split("  a \"b c\"d\t\\\"e \"\" 'f g' ", &words), 0);
    static const char *const expected[] = {"a", "b cd", "\"e", "", "'f", "g'"};
    assert_int_equal(words.count, 6);
    for (int i = 0; i < 6; i++)
        assert_string_equal(words.string[i], expected[i]);
    strings_release(&words);
    assert_int_equal(line_split("a \"b", &words), -EINVAL);
    assert_int_equal(line_split(" ", &words), 0);
    assert_int_equal(words.count, 0);
    struct fill fill = {.task = 12, .seed = 34, .file = "it's {task}"};
    char *plain = line_fill("{file}.{task}-{seed}{}{x}", &fill);
    assert_string_equal(plain, "it's {task}.12-34{}{x}");
    free(plain);
}

/* Whatever a name has in it, sh gets it as an argument; where quotes could have it run, there is no such line. */
static void names_are_never_run(void **unused)
{
    (void)unused;
    static const struct {
        const char *line, *script; /* NULL: refused */
    } rows[] = {
        {"cat {file} >{task}", "cat \"$1\" >{task}"},
        {"cat <{file}|tr 'a\"' \"'\"; wc {file}.x", "cat <\"$1\"|tr 'a\"' \"'\"; wc \"$1\".x"},
        {"a \\\" {file}", "a \\\" \"$1\""},
        {"a \\{file}", "a \\{file}"},
        {"a # it's\nb {file}", "a # it's\nb \"$1\""},
        {"x=$(cat {file}); echo ${x#'}'} {file}", "x=$(cat \"$1\"); echo ${x#'}'} \"$1\""},
        {"cat \"{file}\"", NULL},
        {"cat '{file}'", NULL},
        {"cat `ls {file}`", NULL},
        {"sh -c \"cat {file}\"", NULL},
        {"a \"$(sh -c \"cat {file}\")\"", NULL},
        {"a '\\' b '{file}'", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *script = NULL;
        assert_int_equal(line_for_shell(rows[i].line, &script), rows[i].script ? 0 : -EINVAL);
        if (rows[i].script) {
            assert_string_equal(script, rows[i].script);
            free(script);
        }
    }
    static const char *const texts[] = {"sh -c \"cat {file}\"", "python3 -c open('{file}')", "bash -lc \"a {file}\"",
                                        "perl -e 'x{file}"};
    static const char *const names[] = {"gzip -c {file}", "sort -c {file}.gz", "sh -c \"cat \\\"$1\\\"\" sh {file}",
                                        "grep --exclude \"{file} x\""};
    for (int i = 0; i < 8; i++) {
        struct strings words = {0};
        assert_int_equal(line_split(i < 4 ? texts[i] : names[i - 4], &words), 0);
        assert_true((line_program_text(&words) != NULL) == (i < 4));
        strings_release(&words);
    }
}

static int cmd_code(const char *line, bool sh, uint32_t index)
{
    struct prepared bench = prepared_of(workload_find("cmd"));
    *prepared_param(&bench, "line") = text(line);
    *prepared_param(&bench, "sh") = sh;
    assert_int_equal(prepared_make(&bench, 7), 0);
    struct task task = prepared_task(&bench, index, 0);
    uint64_t result;
    int code = bench.ops->run(bench.state, &task, &result);
    bench.ops->release(bench.state);
    return code;
}

static void commands_say_how_they_ended(void **unused)
{
    (void)unused;
    assert_int_equal(cmd_code("true", false, 0), 0);
    assert_int_equal(cmd_code("false", false, 0), RUN_EXITED | 1);
    assert_int_equal(cmd_code("exit {task}", true, 7), RUN_EXITED | 7);
    assert_int_equal(cmd_code("kill -9 $$", true, 0), RUN_SIGNALLED | SIGKILL);
    assert_int_equal(cmd_code("false", false, TASK_WARMUP_FIRST), 0); /* runs nothing */
    assert_int_equal(cmd_code("./{task}", false, 3), ENOENT);
}

/* become() in a child does what run() does elsewhere, and what a task left is seen to its last byte. */
static void commands_leave_the_same(void **unused)
{
    (void)unused;
    char directory[SCRATCH_MAX], output[SCRATCH_MAX + 16], files[SCRATCH_MAX + 16], file[SCRATCH_MAX + 16],
        error[WORKLOAD_ERROR_MAX];
    assert_int_equal(scratch_directory(directory), 0);
    snprintf(output, sizeof output, "%s/{task}.out", directory);
    snprintf(files, sizeof files, "%s/*.in", directory);
    for (int i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s/a b%d.in", directory, i);
        write_file(file, file, strlen(file) - (size_t)i);
    }
    struct prepared bench = prepared_of(workload_find("cmd"));
    *prepared_param(&bench, "line") = text("cat {file}");
    *prepared_param(&bench, "files") = text(files);
    *prepared_param(&bench, "output") = text(output);
    struct supply supply = {0};
    assert_int_equal(bench.ops->check(bench.params, &supply, error), 0);
    assert_int_equal(supply.tasks, 3);
    assert_non_null(supply.once);
    assert_int_equal(prepared_make(&bench, 7), 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct task task = prepared_task(&bench, i, 0);
        uint64_t result, left[2];
        assert_int_equal(bench.ops->run(bench.state, &task, &result), 0);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[0], error), 1);
        snprintf(file, sizeof file, "%s/%u.out", directory, i);
        assert_int_equal(unlink(file), 0);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[1], error), -ENOENT);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(bench.ops->become(bench.state, &task));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[1], error), 1);
        assert_true(left[0] == left[1]);
        write_file(file, "x", 1);
        assert_int_equal(bench.ops->left(bench.state, &task, &left[1], error), 1);
        assert_true(left[0] != left[1]);
    }
    bench.ops->release(bench.state);
    snprintf(file, sizeof file, "rm -r %s", directory);
    assert_int_equal(cmd_code(file, false, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_sha256),
        cmocka_unit_test(blocks_are_the_file),
        cmocka_unit_test(lines_become_words),
        cmocka_unit_test(names_are_never_run),
        cmocka_unit_test(commands_say_how_they_ended),
        cmocka_unit_test(commands_leave_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
