/* Short forms for tables of columns, for the files that are such tables. */
#ifndef POOLBENCH_MODEL_COLUMN_FORMS_H
#define POOLBENCH_MODEL_COLUMN_FORMS_H
#include "bench/model/columns.h"

// clang-format off
#define COLUMN(kind, row, field, help) {COLUMN_OF(row, kind, #field, field, help)}
#define INT(row, field, help)  COLUMN(INT, row, field, help)
#define UINT(row, field, help) COLUMN(UINT, row, field, help)
#define REAL(row, field, help) COLUMN(REAL, row, field, help)
#define TEXT(row, field, help) COLUMN(TEXT, row, field, help)
/* Behind all others but those that users add: it is of what stands to the left of it. */
#define ROW_SUM_COLUMN(row) INT(row, row_sum, "checksum of the values to the left of it (bench/model/row_sum.h); empty: not checked")
// clang-format on

#define FORMAT(name, row, text)                                                                                        \
    {                                                                                                                  \
        .file = #name ".csv", .help = text, .columns = row##_columns,                                                  \
        .count = sizeof row##_columns / sizeof row##_columns[0], .row_size = sizeof(struct row##_row)                  \
    }

#endif
