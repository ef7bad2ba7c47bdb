/* The walk's inner loop: list a folder, open each file once, read its head, close what is surely of no interest.
 *
 * Optional: where this module was not built, walk.py does the same in Python. What decides comes from there as well: the
 * tables in `Filter` are identify's own, and it is asked again about everything that passes
 * here. So all that this filter must never do is hold back a file that `sniff` would name; tests compare the two.
 */
#define _GNU_SOURCE
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HEAD = 4096, BUFFER = 32768, HELD = 32 };  /* bytes of a head, of a listing's piece; files handed over open */

typedef struct { const char *text; Py_ssize_t size; } Bytes;
typedef struct { Bytes prefix, *needs; Py_ssize_t need_count; } Row;
typedef struct { int least, most, low, high; } Sheet;  /* pixels of the shorter and of the longer side */

typedef struct {
    PyObject_HEAD
    PyObject *kept;                 /* owns what the rows point to */
    Row *rows;                      /* sorted by prefix */
    Py_ssize_t row_count, tail_count, sheet_count, root;
    int first[257];                 /* rows that begin with byte b: first[b] to first[b + 1] */
    uint32_t *tails;                /* the last four characters of a lower-cased name, as they lie in memory */
    unsigned char binary[256];      /* bytes that no text holds */
    int weak;                       /* 0: kinds of strong evidence only; 1: also tables and pictures; 2: any text */
    int smallest, lowest_dpi;       /* pixels of a page's shorter side; a resolution that is believed */
    Sheet *sheets;                  /* sorted by the first of them */
} Filter;

static int counted(const unsigned char *from, const unsigned char *to, int mark) {
    int count = 0;
    while (from < to && (from = memchr(from, mark, to - from)) != NULL) { count++; from++; }
    return count;
}

/* Two lines with one of the marks equally often; as sniff._like_table. */
static int like_table(const unsigned char *head, Py_ssize_t size) {
    static const char marks[] = ",\t;";
    const unsigned char *end = memchr(head, '\n', size), *stop;
    int escape = memchr(head, 0x1b, size) != NULL;
    if (!end || escape) return escape || memchr(head, '\r', size) != NULL;
    stop = memchr(end + 1, '\n', head + size - (end + 1));
    if (!stop) stop = head + size - 1;
    for (const char *mark = marks; *mark; mark++) {
        int count = counted(head, end, *mark);
        if (count && (counted(end, stop, *mark) == count || memchr(head, '"', stop - head))) return 1;
    }
    return 0;
}

static unsigned big_endian(const unsigned char *at, int bytes) {
    unsigned value = 0;
    while (bytes--) value = value << 8 | *at++;
    return value;
}

/* Whether so many pixels may be a scanned sheet; as pages.is_page. */
static int is_sheet(const Filter *filter, unsigned width, unsigned height) {
    unsigned shorter = width < height ? width : height, longer = width < height ? height : width;
    if (shorter < (unsigned)filter->smallest || longer > INT32_MAX) return 0;
    for (Py_ssize_t at = 0; at < filter->sheet_count && filter->sheets[at].least <= (int)shorter; at++) {
        const Sheet *sheet = &filter->sheets[at];
        if ((int)shorter <= sheet->most && sheet->low <= (int)longer && (int)longer <= sheet->high) return 1;
    }
    return 0;
}

static int may_be_png_page(const Filter *filter, const unsigned char *head, Py_ssize_t size) {
    const unsigned char *physical;
    if (size < 26) return 1;
    if (head[24] == 1 && (head[25] == 0 || head[25] == 3)) return 1;  /* bilevel: other rules */
    physical = size > 33 ? memmem(head + 33, size - 33, "pHYs", 4) : NULL;
    if (physical && physical + 13 <= head + size && physical[12] == 1
        && big_endian(physical + 4, 4) * 0.0254 >= filter->lowest_dpi) return 1;
    return is_sheet(filter, big_endian(head + 16, 4), big_endian(head + 20, 4));
}

/* Steps over the segments to the frame header, as pages.jpeg; what it cannot tell from here may be a page. */
static int may_be_jpeg_page(const Filter *filter, const unsigned char *head, Py_ssize_t size) {
    Py_ssize_t at = 2;
    while (at + 9 < size) {
        int mark = head[at + 1];
        if (head[at] != 0xff || mark == 0xff) { at++; continue; }
        if (mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 && mark != 0xcc)
            return is_sheet(filter, big_endian(head + at + 7, 2), big_endian(head + at + 5, 2));
        if (mark == 0xd8 || (mark >= 0xd0 && mark <= 0xd7)) { at += 2; continue; }
        if (mark == 0xe0 && !memcmp(head + at + 4, "JFIF", 4)) {
            if (at + 14 > size) return 1;
            if (head[at + 11] && big_endian(head + at + 12, 2) * (head[at + 11] == 2 ? 2.54 : 1) >= filter->lowest_dpi)
                return 1;
        }
        at += 2 + big_endian(head + at + 2, 2);
    }
    return 1;
}

static int is_weak(const Filter *filter, const unsigned char *head, Py_ssize_t size) {
    if (size >= 4 && !memcmp(head, "\x89PNG", 4)) return may_be_png_page(filter, head, size);
    if (size >= 3 && !memcmp(head, "\xff\xd8\xff", 3)) return may_be_jpeg_page(filter, head, size);
    if (size >= 4 && (!memcmp(head, "II*\0", 4) || !memcmp(head, "MM\0*", 4))) return 1;
    if (size >= 10 && !memcmp(head, "BM", 2) && !memcmp(head + 6, "\0\0\0\0", 4)) return 1;
    if (size >= 2 && (!memcmp(head, "\xff\xfe", 2) || !memcmp(head, "\xfe\xff", 2))) return 1;
    if (memchr(head, 0, size)) return 0;
    if (filter->weak < 2 && !like_table(head, size)) return 0;
    for (Py_ssize_t at = 0; at < size; at++)
        if (filter->binary[head[at]]) return 0;
    return 1;
}

static int is_pdf(const unsigned char *head, Py_ssize_t size) {
    const unsigned char *at = head, *end = head + (size < 1025 ? size : 1025), *last = head + (size < 1032 ? size : 1032);
    for (; at < end && (at = memchr(at, '%', end - at)) != NULL; at++)
        if (at + 8 <= last && !memcmp(at, "%PDF-", 5) && at[5] >= '0' && at[5] <= '9' && at[6] == '.'
            && at[7] >= '0' && at[7] <= '9')
            return 1;
    return 0;
}

/* Whether the row fits: its prefix, and one of the words that it needs. */
static int fits(const Row *row, const unsigned char *head, Py_ssize_t size, Py_ssize_t root) {
    if (row->prefix.size > size || memcmp(head, row->prefix.text, row->prefix.size)) return 0;
    for (Py_ssize_t at = 0; at < row->need_count; at++)
        if (memmem(head, size < root ? size : root, row->needs[at].text, row->needs[at].size)) return 1;
    return !row->need_count;
}

/* Whether sniff might say what this is. */
static int wants(const Filter *filter, const unsigned char *head, Py_ssize_t size, const char *name, size_t length) {
    for (int at = size ? filter->first[head[0]] : 0; size && at < filter->first[head[0] + 1]; at++)
        if (fits(&filter->rows[at], head, size, filter->root)) return 1;
    if (length >= 4) {
        unsigned char tail[4];
        uint32_t word;
        for (int at = 0; at < 4; at++) {
            unsigned char one = name[length - 4 + at];
            tail[at] = one >= 'A' && one <= 'Z' ? one | 0x20 : one;
        }
        memcpy(&word, tail, 4);
        for (Py_ssize_t at = 0; at < filter->tail_count; at++)
            if (filter->tails[at] == word) return 1;
    }
    if (size >= 262 && !memcmp(head + 257, "ustar", 5)) return 1;
    if (size >= 149 && !memcmp(head + 144, "JDASH", 5)) return 1;
    if (size >= 7 && !memcmp(head + 2, "-l", 2) && (head[4] == 'h' || head[4] == 'z') && head[6] == '-') return 1;
    if (is_pdf(head, size)) return 1;
    return filter->weak && size && is_weak(filter, head, size);
}

static int bytes_of(PyObject *object, Bytes *out) {
    char *text;
    if (PyBytes_AsStringAndSize(object, &text, &out->size) < 0) return -1;
    out->text = text;
    return 0;
}

static int take_rows(Filter *self, PyObject *rows) {
    if (!(self->kept = PySequence_Tuple(rows))) return -1;
    self->row_count = PyTuple_Size(self->kept);
    if (!(self->rows = PyMem_Calloc(self->row_count + 1, sizeof *self->rows))) return PyErr_NoMemory(), -1;
    for (Py_ssize_t at = 0; at < self->row_count; at++) {
        Row *row = &self->rows[at];
        PyObject *prefix, *needs;
        if (!PyArg_ParseTuple(PyTuple_GetItem(self->kept, at), "SO!", &prefix, &PyTuple_Type, &needs)
            || bytes_of(prefix, &row->prefix) < 0) return -1;
        if (!row->prefix.size || (at && (unsigned char)row[-1].prefix.text[0] > (unsigned char)row->prefix.text[0]))
            return PyErr_SetString(PyExc_ValueError, "rows are sorted, and no prefix is empty"), -1;
        self->first[(unsigned char)row->prefix.text[0] + 1] = (int)at + 1;
        if (!(row->needs = PyMem_Calloc(PyTuple_Size(needs) + 1, sizeof *row->needs))) return PyErr_NoMemory(), -1;
        for (; row->need_count < PyTuple_Size(needs); row->need_count++)
            if (bytes_of(PyTuple_GetItem(needs, row->need_count), &row->needs[row->need_count]) < 0) return -1;
    }
    for (int byte = 1; byte <= 256; byte++)
        if (self->first[byte] < self->first[byte - 1]) self->first[byte] = self->first[byte - 1];
    return 0;
}

static int take_tails(Filter *self, PyObject *tails) {
    self->tail_count = PyTuple_Size(tails);
    if (!(self->tails = PyMem_Calloc(self->tail_count + 1, sizeof *self->tails))) return PyErr_NoMemory(), -1;
    for (Py_ssize_t at = 0; at < self->tail_count; at++) {
        Bytes tail;
        if (bytes_of(PyTuple_GetItem(tails, at), &tail) < 0) return -1;
        if (tail.size != 4) return PyErr_SetString(PyExc_ValueError, "a tail is four bytes"), -1;
        memcpy(&self->tails[at], tail.text, 4);
    }
    return 0;
}

static int take_sheets(Filter *self, PyObject *sheets) {
    self->sheet_count = PyTuple_Size(sheets);
    if (!(self->sheets = PyMem_Calloc(self->sheet_count + 1, sizeof *self->sheets))) return PyErr_NoMemory(), -1;
    for (Py_ssize_t at = 0; at < self->sheet_count; at++) {
        Sheet *sheet = &self->sheets[at];
        if (!PyArg_ParseTuple(PyTuple_GetItem(sheets, at), "iiii", &sheet->least, &sheet->most, &sheet->low, &sheet->high))
            return -1;
    }
    return 0;
}

static PyObject *filter_new(PyTypeObject *type, PyObject *args, PyObject *words) {
    static char *names[] = {"rows", "root", "tails", "binary", "weak", "smallest", "lowest_dpi", "sheets", NULL};
    PyObject *rows, *tails, *sheets;
    const char *binary;
    Py_ssize_t binary_size, root;
    int weak, smallest, lowest_dpi;
    if (!PyArg_ParseTupleAndKeywords(args, words, "OnO!y#iiiO!", names, &rows, &root, &PyTuple_Type, &tails, &binary,
                                     &binary_size, &weak, &smallest, &lowest_dpi, &PyTuple_Type, &sheets))
        return NULL;
    Filter *self = (Filter *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) return NULL;
    self->root = root;
    self->weak = weak;
    self->smallest = smallest;
    self->lowest_dpi = lowest_dpi;
    for (Py_ssize_t at = 0; at < binary_size; at++) self->binary[(unsigned char)binary[at]] = 1;
    if (take_rows(self, rows) < 0 || take_tails(self, tails) < 0 || take_sheets(self, sheets) < 0) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

static void filter_dealloc(PyObject *object) {
    Filter *self = (Filter *)object;
    PyTypeObject *type = Py_TYPE(object);
    for (Py_ssize_t at = 0; self->rows && at < self->row_count; at++) PyMem_Free(self->rows[at].needs);
    PyMem_Free(self->rows);
    PyMem_Free(self->tails);
    PyMem_Free(self->sheets);
    Py_XDECREF(self->kept);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF((PyObject *)type);
}

static PyObject *filter_wants(Filter *self, PyObject *args) {
    const unsigned char *head;
    const char *name;
    Py_ssize_t size, length;
    if (!PyArg_ParseTuple(args, "y#y#", &head, &size, &name, &length)) return NULL;
    return PyBool_FromLong(wants(self, head, size, name, length));
}

static PyMethodDef filter_methods[] = {
    {"wants", (PyCFunction)filter_wants, METH_VARARGS, "Whether a file with this head and this name is worth a closer look."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot filter_slots[] = {
    {Py_tp_doc, "What makes a head or a name worth a closer look."},
    {Py_tp_new, filter_new}, {Py_tp_dealloc, filter_dealloc}, {Py_tp_methods, filter_methods}, {0, NULL},
};
static PyType_Spec filter_spec = {"dongle_cli.audit.sources._sweep.Filter", sizeof(Filter), 0, Py_TPFLAGS_DEFAULT, filter_slots};

/* As getdents64(2) gives it. */
struct entry { uint64_t inode; int64_t offset; unsigned short length; unsigned char type; char name[]; };

typedef struct {
    PyObject_HEAD
    Filter *filter;
    int folder;                     /* its descriptor; not ours to close */
    int silent, quiet;              /* how a file is opened, and how where the first is not permitted */
    int error;                      /* what stopped the listing; raised once what came before was handed over */
    int ended;
    long have, at;                  /* bytes in `buffer`, and where the next entry stands */
    char *buffer;
    unsigned char *head;            /* behind it, in the same block */
} Sweep;

static PyTypeObject *filter_type;

static PyObject *sweep_new(PyTypeObject *type, PyObject *args, PyObject *words) {
    static char *names[] = {"folder", "filter", "silent", "quiet", NULL};
    int folder, silent, quiet;
    PyObject *filter;
    if (!PyArg_ParseTupleAndKeywords(args, words, "iO!ii", names, &folder, filter_type, &filter, &silent, &quiet)) return NULL;
    Sweep *self = (Sweep *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) return NULL;
    if (!(self->buffer = PyMem_Malloc(BUFFER + HEAD))) {
        Py_DECREF((PyObject *)self);
        return PyErr_NoMemory();
    }
    self->head = (unsigned char *)self->buffer + BUFFER;
    Py_INCREF(filter);
    self->filter = (Filter *)filter;
    self->folder = folder;
    self->silent = silent;
    self->quiet = quiet;
    return (PyObject *)self;
}

static void sweep_dealloc(PyObject *object) {
    Sweep *self = (Sweep *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyMem_Free(self->buffer);
    Py_XDECREF((PyObject *)self->filter);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF((PyObject *)type);
}

/* The next entry, or NULL at the end and at an error. */
static struct entry *next_entry(Sweep *self) {
    while (self->at >= self->have) {
        long got;
        Py_BEGIN_ALLOW_THREADS
        do got = syscall(SYS_getdents64, self->folder, self->buffer, BUFFER); while (got < 0 && errno == EINTR);
        Py_END_ALLOW_THREADS
        if (got <= 0) {
            if (got < 0) self->error = errno;
            self->ended = 1;
            return NULL;
        }
        self->have = got;
        self->at = 0;
    }
    struct entry *one = (struct entry *)(self->buffer + self->at);
    self->at += one->length;
    return one;
}

static int type_of(int folder, const struct entry *one) {
    struct statx about;
    if (one->type != DT_UNKNOWN) return one->type;
    if (statx(folder, one->name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &about) < 0) return DT_UNKNOWN;
    return S_ISREG(about.stx_mode) ? DT_REG : S_ISDIR(about.stx_mode) ? DT_DIR : DT_UNKNOWN;
}

/* Read a file's head into `self->head`; its descriptor where it is worth a closer look, -1 where not, -2 with `errno`. */
static int glance(Sweep *self, const char *name, ssize_t *size) {
    int file, wanted;
    do file = openat(self->folder, name, self->silent); while (file < 0 && errno == EINTR);
    if (file < 0 && errno == EPERM)
        do file = openat(self->folder, name, self->quiet); while (file < 0 && errno == EINTR);
    *size = 0;
    if (file < 0) return -2;
    do *size = read(file, self->head, HEAD); while (*size < 0 && errno == EINTR);
    if (*size < 0) {
        int said = errno;
        close(file);
        errno = said;
        *size = 0;
        return -2;
    }
    wanted = wants(self->filter, self->head, *size, name, strlen(name));
    if (wanted) return file;
    close(file);
    return -1;
}

static int add(PyObject *list, PyObject *what) {
    if (!what) return -1;
    int failed = PyList_Append(list, what);
    Py_DECREF(what);
    return failed;
}

/* look(most) -> (entries, files, bytes, folders, found, lost) */
static PyObject *sweep_look(Sweep *self, PyObject *args) {
    Py_ssize_t most, entries = 0, files = 0;
    long long bytes = 0;
    struct entry *one;
    if (!PyArg_ParseTuple(args, "n", &most)) return NULL;
    if (self->error) {
        errno = self->error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    PyObject *folders = PyList_New(0), *found = PyList_New(0), *lost = PyList_New(0);
    if (!folders || !found || !lost) goto failed;
    while (!self->ended && entries < most && PyList_Size(found) < HELD && (one = next_entry(self))) {
        int type, file, said;
        ssize_t size = 0;
        if (one->name[0] == '.' && (!one->name[1] || (one->name[1] == '.' && !one->name[2]))) continue;
        entries++;
        type = type_of(self->folder, one);
        if (type == DT_DIR) {
            if (add(folders, PyUnicode_DecodeFSDefault(one->name)) < 0) goto failed;
            continue;
        }
        if (type != DT_REG) continue;
        files++;
        Py_BEGIN_ALLOW_THREADS
        file = glance(self, one->name, &size);
        said = errno;
        Py_END_ALLOW_THREADS
        bytes += size;
        if (file == -2) {
            if (add(lost, Py_BuildValue("(Ni)", PyUnicode_DecodeFSDefault(one->name), said)) < 0) goto failed;
        } else if (file >= 0) {
            PyObject *row = Py_BuildValue("(Niy#)", PyUnicode_DecodeFSDefault(one->name), file, self->head, size);
            if (add(found, row) < 0) { close(file); goto failed; }
        }
    }
    if (self->error && !entries) {
        errno = self->error;
        PyErr_SetFromErrno(PyExc_OSError);
        goto failed;
    }
    return Py_BuildValue("(nnLNNN)", entries, files, bytes, folders, found, lost);
failed:
    for (Py_ssize_t at = 0; found && at < PyList_Size(found); at++)
        close((int)PyLong_AsLong(PyTuple_GetItem(PyList_GetItem(found, at), 1)));
    Py_XDECREF(folders);
    Py_XDECREF(found);
    Py_XDECREF(lost);
    return NULL;
}

/* names(most) -> (folders, files): the same entries without a look at the files */
static PyObject *sweep_names(Sweep *self, PyObject *args) {
    Py_ssize_t most, entries = 0;
    struct entry *one;
    if (!PyArg_ParseTuple(args, "n", &most)) return NULL;
    PyObject *folders = PyList_New(0), *files = PyList_New(0);
    if (!folders || !files) goto failed;
    while (!self->ended && entries < most && (one = next_entry(self))) {
        if (one->name[0] == '.' && (!one->name[1] || (one->name[1] == '.' && !one->name[2]))) continue;
        entries++;
        int type = type_of(self->folder, one);
        if (type != DT_DIR && type != DT_REG) continue;
        if (add(type == DT_DIR ? folders : files, PyUnicode_DecodeFSDefault(one->name)) < 0) goto failed;
    }
    return Py_BuildValue("(NN)", folders, files);
failed:
    Py_XDECREF(folders);
    Py_XDECREF(files);
    return NULL;
}

static PyObject *sweep_ended(Sweep *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(self->ended && !self->error);
}

static PyMethodDef sweep_methods[] = {
    {"look", (PyCFunction)sweep_look, METH_VARARGS,
     "The next entries, at most so many: (entries, files, bytes, folders, found, lost); found files are open, for the caller to close."},
    {"names", (PyCFunction)sweep_names, METH_VARARGS, "The next entries, at most so many, by name only: (folders, files)."},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef sweep_facts[] = {
    {"ended", (getter)sweep_ended, NULL, "Whether nothing is left of the listing, not even an error.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot sweep_slots[] = {
    {Py_tp_doc, "What is left of a folder's listing."},
    {Py_tp_new, sweep_new}, {Py_tp_dealloc, sweep_dealloc}, {Py_tp_methods, sweep_methods}, {Py_tp_getset, sweep_facts},
    {0, NULL},
};
static PyType_Spec sweep_spec = {"dongle_cli.audit.sources._sweep.Sweep", sizeof(Sweep), 0, Py_TPFLAGS_DEFAULT, sweep_slots};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_sweep", "The walk's inner loop, compiled.", -1, NULL, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__sweep(void) {
    PyObject *made = PyModule_Create(&module), *sweep = NULL;
    filter_type = (PyTypeObject *)PyType_FromSpec(&filter_spec);
    sweep = PyType_FromSpec(&sweep_spec);
    if (!made || !filter_type || !sweep || PyModule_AddObjectRef(made, "Filter", (PyObject *)filter_type) < 0
        || PyModule_AddObjectRef(made, "Sweep", sweep) < 0)
        Py_CLEAR(made);
    Py_XDECREF(sweep);
    return made;
}
