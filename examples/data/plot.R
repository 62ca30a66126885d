# Time per task of the cells of a run, as a picture: Rscript plot.R RUN/summary.csv summary.pdf
# Nothing but summary.csv and R itself is used.
given <- commandArgs(trailingOnly = TRUE)
if (length(given) != 2) stop("expected: Rscript plot.R RUN/summary.csv summary.pdf")
cells <- read.csv(given[1], check.names = FALSE)
cells <- cells[!is.na(cells$ns_per_task), ]
if (!nrow(cells)) stop(paste0(given[1], ": no cell has a time per task"))
label <- paste(cells$pool, cells$workload, cells$workers, sep = ", ")
lo <- cells$wall_lo_ns / cells$tasks
hi <- cells$wall_hi_ns / cells$tasks
pdf(given[2], width = 8, height = 1.5 + 0.25 * nrow(cells))
par(mar = c(4, 16, 2, 1))
y <- rev(seq_len(nrow(cells)))
plot(cells$ns_per_task, y, log = "x", yaxt = "n", ylab = "", pch = 19, xlim = range(cells$ns_per_task, lo, hi, na.rm = TRUE),
     xlab = "ns per task: median and 95 % interval")
segments(lo, y, hi, y)
axis(2, at = y, labels = label, las = 1, cex.axis = 0.7)
invisible(dev.off())
