/* What the parts of the compiled module share: the filter that decides whether a file is worth a closer look.
 *
 * The module is optional: where it was not built, Python does the same. What decides comes from there as well: the tables
 * in `Filter` are identify's own, and `sniff` is asked again about everything that passes here. So all that the filter
 * must never do is hold back a file that `sniff` would name; tests compare the two.
 */
#ifndef DONGLE_NATIVE_H
#define DONGLE_NATIVE_H

#define _GNU_SOURCE
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

enum { HEAD = 4096 };  /* bytes of a file that tell what it is */

typedef struct { const char *text; Py_ssize_t size; } Bytes;
typedef struct { Bytes prefix, *needs; Py_ssize_t need_count, within; } Row;
typedef struct { int least, most, low, high; } Sheet;  /* pixels of the shorter and of the longer side */

typedef struct {
    PyObject_HEAD
    PyObject *kept;                 /* owns what the rows point to */
    Row *rows;                      /* sorted by prefix */
    Py_ssize_t row_count, tail_count, sheet_count;
    int first[257];                 /* rows that begin with byte b: first[b] to first[b + 1] */
    uint32_t *tails;                /* the last four characters of a lower-cased name, as they lie in memory */
    unsigned char binary[256];      /* bytes that no text holds */
    int weak;                       /* 0: kinds of strong evidence only; 1: also tables and pictures; 2: any text */
    int smallest, lowest_dpi;       /* pixels of a page's shorter side; a resolution that is believed */
    Sheet *sheets;                  /* sorted by the first of them */
} Filter;

/* Whether sniff might say what a file with this head and this name is; without a name `length` is 0. */
int wants(const Filter *filter, const unsigned char *head, Py_ssize_t size, const char *name, size_t length);

/* Appends what it takes over the reference of; -1 with an exception where that failed or `what` is NULL. */
int add(PyObject *list, PyObject *what);

extern PyTypeObject *filter_type, *sweep_type;  /* made when the module is */
extern PyType_Spec filter_spec, sweep_spec;
PyObject *descend(PyObject *module, PyObject *args, PyObject *words);
PyObject *glance(PyObject *module, PyObject *args, PyObject *words);

#endif
