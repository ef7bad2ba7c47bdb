/* The first look: whether a head or a name is worth a closer one; the tables are Python's. */
#include "native.h"

#include <string.h>

static int counted(const unsigned char *from, const unsigned char *to, int mark) {
    int count = 0;
    while (from < to && (from = memchr(from, mark, to - from)) != NULL) { count++; from++; }
    return count;
}

/* A first row that goes on behind the head; as sniff._is_long_row. */
static int is_long_row(const unsigned char *head, Py_ssize_t size) {
    return size >= 4096 && !memchr("{[(<", head[0], 4)
        && (memchr(head, ',', size) || memchr(head, '\t', size) || memchr(head, ';', size));
}

/* Two lines with one of the marks equally often; as sniff._like_table. */
static int like_table(const unsigned char *head, Py_ssize_t size) {
    static const char marks[] = ",\t;";
    const unsigned char *end = memchr(head, '\n', size), *stop;
    int escape = memchr(head, 0x1b, size) != NULL, cut;
    if (!end || escape) return escape || memchr(head, '\r', size) != NULL || is_long_row(head, size);
    stop = memchr(end + 1, '\n', head + size - (end + 1));
    cut = !stop && size >= 4096;
    if (!stop) stop = head + size;
    for (const char *mark = marks; *mark; mark++) {
        int count = counted(head, end, *mark);
        if (count && (cut || counted(end, stop, *mark) == count || memchr(head, '"', stop - head))) return 1;
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
    if (size >= 4 && (!memcmp(head, "II+\0", 4) || !memcmp(head, "MM\0+", 4))) return 1;
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
static int fits(const Row *row, const unsigned char *head, Py_ssize_t size) {
    if (row->prefix.size > size || memcmp(head, row->prefix.text, row->prefix.size)) return 0;
    for (Py_ssize_t at = 0; at < row->need_count; at++)
        if (memmem(head, size < row->within ? size : row->within, row->needs[at].text, row->needs[at].size)) return 1;
    return !row->need_count;
}

int wants(const Filter *filter, const unsigned char *head, Py_ssize_t size, const char *name, size_t length) {
    for (int at = size ? filter->first[head[0]] : 0; size && at < filter->first[head[0] + 1]; at++)
        if (fits(&filter->rows[at], head, size)) return 1;
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
    if (size >= 14 && !memcmp(head + 7, "**ACE**", 7)) return 1;
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
        if (!PyArg_ParseTuple(PyTuple_GetItem(self->kept, at), "SO!n", &prefix, &PyTuple_Type, &needs, &row->within)
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
    static char *names[] = {"rows", "tails", "binary", "weak", "smallest", "lowest_dpi", "sheets", NULL};
    PyObject *rows, *tails, *sheets;
    const char *binary;
    Py_ssize_t binary_size;
    int weak, smallest, lowest_dpi;
    if (!PyArg_ParseTupleAndKeywords(args, words, "OO!y#iiiO!", names, &rows, &PyTuple_Type, &tails, &binary,
                                     &binary_size, &weak, &smallest, &lowest_dpi, &PyTuple_Type, &sheets))
        return NULL;
    Filter *self = (Filter *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) return NULL;
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
PyType_Spec filter_spec = {"dongle_cli.audit.sources._native.Filter", sizeof(Filter), 0, Py_TPFLAGS_DEFAULT, filter_slots};
