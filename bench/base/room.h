/* Arrays that grow. One thread. */
#ifndef POOLBENCH_BASE_ROOM_H
#define POOLBENCH_BASE_ROOM_H
#include <stddef.h>

/* array: where the pointer to malloc(3)ed items of `size` bytes stands, of which there are *room, NULL and 0 at first.
 * Afterwards there are at least `count`; it grows by more, so that adding one after the other costs little, and new
 * items are all zeros. 0; -ENOMEM, and it stays as it was. */
int room_for(void *array, size_t *room, size_t count, size_t size);

#endif
