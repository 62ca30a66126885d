/* DIRECTORY/charts/captions.txt, which says what was drawn, of how many trials, and why a chart was not. */
#ifndef POOLBENCH_SHOW_CHARTS_CAPTIONS_H
#define POOLBENCH_SHOW_CHARTS_CAPTIONS_H
#include <stdbool.h>
#include <stddef.h>

#define CAPTIONS       "captions.txt"
#define CAPTION_UNMADE "not drawn: " /* how the caption of a chart begins that is not there, or an older one */

/* The content of such a file is text; NULL is an empty one. */
char *caption_of(const char *captions, const char *name); /* behind "NAME: ", the caller's to free; NULL: none */
bool caption_is_drawn(const char *caption);               /* of a picture that is there; NULL is none */
size_t captions_trials(const char *captions);             /* how many trials the charts were drawn of; 0: not known */
bool captions_any_drawn(const char *captions);

#endif
