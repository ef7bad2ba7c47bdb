/* The walk's inner loop: list a folder, open each file once, read its head, close what is surely of no interest. */
#include "native.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BUFFER = 32768, HELD = 32 };  /* bytes of a listing's piece; files handed over open */

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
static int look_at(Sweep *self, const char *name, ssize_t *size) {
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
        file = look_at(self, one->name, &size);
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
PyType_Spec sweep_spec = {"dongle_cli.audit.sources._native.Sweep", sizeof(Sweep), 0, Py_TPFLAGS_DEFAULT, sweep_slots};
