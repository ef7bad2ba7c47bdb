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

static Sweep *made(PyTypeObject *type, int folder, PyObject *filter, int silent, int quiet) {
    Sweep *self = (Sweep *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (!self) return NULL;
    if (!(self->buffer = PyMem_Malloc(BUFFER + HEAD))) {
        Py_DECREF((PyObject *)self);
        PyErr_NoMemory();
        return NULL;
    }
    self->head = (unsigned char *)self->buffer + BUFFER;
    Py_INCREF(filter);
    self->filter = (Filter *)filter;
    self->folder = folder;
    self->silent = silent;
    self->quiet = quiet;
    return self;
}

static PyObject *sweep_new(PyTypeObject *type, PyObject *args, PyObject *words) {
    static char *names[] = {"folder", "filter", "silent", "quiet", NULL};
    int folder, silent, quiet;
    PyObject *filter;
    if (!PyArg_ParseTupleAndKeywords(args, words, "iO!ii", names, &folder, filter_type, &filter, &silent, &quiet)) return NULL;
    return (PyObject *)made(type, folder, filter, silent, quiet);
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
        int said;
        Py_BEGIN_ALLOW_THREADS
        do got = syscall(SYS_getdents64, self->folder, self->buffer, BUFFER); while (got < 0 && errno == EINTR);
        said = errno;
        Py_END_ALLOW_THREADS
        if (got <= 0) {
            if (got < 0) self->error = said;
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

static int is_itself(const char *name) { return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])); }

/* Opened as quietly as it may be; -1 with `errno`. */
static int opened(int folder, const char *name, int silent, int quiet) {
    int file;
    do file = openat(folder, name, silent); while (file < 0 && errno == EINTR);
    if (file < 0 && errno == EPERM)
        do file = openat(folder, name, quiet); while (file < 0 && errno == EINTR);
    return file;
}

/* Read a file's head into `self->head`; its descriptor where it is worth a closer look, -1 where not, -2 with `errno`. */
static int look_at(Sweep *self, const char *name, ssize_t *size) {
    int file = opened(self->folder, name, self->silent, self->quiet);
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
    if (wants(self->filter, self->head, *size, name, strlen(name))) return file;
    close(file);
    return -1;
}

/* What was seen so far: counts, and what Python is told of. */
typedef struct {
    Py_ssize_t entries, files, held;
    long long bytes;
    PyObject *folders, *found, *lost;
} Seen;

static int seen_lists(Seen *seen) {
    seen->folders = PyList_New(0);
    seen->found = PyList_New(0);
    seen->lost = PyList_New(0);
    return seen->folders && seen->found && seen->lost ? 0 : -1;
}

/* Give up what was not handed over. */
static void seen_drop(Seen *seen) {
    for (Py_ssize_t at = 0; seen->found && at < PyList_Size(seen->found); at++)
        close((int)PyLong_AsLong(PyTuple_GetItem(PyList_GetItem(seen->found, at), 1)));
    Py_CLEAR(seen->folders);
    Py_CLEAR(seen->found);
    Py_CLEAR(seen->lost);
}

/* Look at what is next in a folder until there were `most` entries or HELD files are open; -1 with an exception. */
static int look_on(Sweep *self, Py_ssize_t most, Seen *seen) {
    struct entry *one;
    while (!self->ended && seen->entries < most && seen->held < HELD && (one = next_entry(self))) {
        int type, file, said;
        ssize_t size = 0;
        if (is_itself(one->name)) continue;
        seen->entries++;
        type = type_of(self->folder, one);
        if (type == DT_DIR && add(seen->folders, PyUnicode_DecodeFSDefault(one->name)) < 0) return -1;
        if (type != DT_REG) continue;
        seen->files++;
        Py_BEGIN_ALLOW_THREADS
        file = look_at(self, one->name, &size);
        said = errno;
        Py_END_ALLOW_THREADS
        seen->bytes += size;
        if (file == -2) {
            if (add(seen->lost, Py_BuildValue("(Ni)", PyUnicode_DecodeFSDefault(one->name), said)) < 0) return -1;
        } else if (file >= 0) {
            PyObject *row = Py_BuildValue("(Niy#)", PyUnicode_DecodeFSDefault(one->name), file, self->head, size);
            if (add(seen->found, row) < 0) {
                close(file);
                return -1;
            }
            seen->held++;
        }
    }
    return 0;
}

/* look(most) -> (entries, files, bytes, folders, found, lost) */
static PyObject *sweep_look(Sweep *self, PyObject *args) {
    Seen seen = {0};
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "n", &most)) return NULL;
    if (!self->error && (seen_lists(&seen) < 0 || look_on(self, most, &seen) < 0)) goto failed;
    if (self->error && !seen.entries) {
        errno = self->error;
        PyErr_SetFromErrno(PyExc_OSError);
        goto failed;
    }
    return Py_BuildValue("(nnLNNN)", seen.entries, seen.files, seen.bytes, seen.folders, seen.found, seen.lost);
failed:
    seen_drop(&seen);
    return NULL;
}

/* One folder after the other from the end of `names`, until so many entries were looked at or one is not done with. */
PyObject *descend(PyObject *module, PyObject *args, PyObject *words) {
    static char *keys[] = {"folder", "names", "filter", "silent", "quiet", "most", NULL};
    int folder, silent, quiet;
    PyObject *names, *filter, *rows = NULL;
    Py_ssize_t most, opened_count = 0, left;
    Seen seen = {0};
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, words, "iO!O!iin", keys, &folder, &PyList_Type, &names, filter_type, &filter,
                                     &silent, &quiet, &most)) return NULL;
    Sweep *sweep = made(sweep_type, -1, filter, silent, quiet);
    if (!sweep || !(rows = PyList_New(0))) goto failed;
    while ((left = PyList_Size(names)) && seen.entries + opened_count < most && seen.held < HELD) {
        PyObject *name = PyList_GetItem(names, left - 1), *text = PyUnicode_EncodeFSDefault(name), *row;
        if (!text) goto failed;
        Py_INCREF(name);
        sweep->folder = opened(folder, PyBytes_AsString(text), silent | O_DIRECTORY, quiet | O_DIRECTORY);
        sweep->error = sweep->folder < 0 ? errno : 0;
        sweep->ended = sweep->folder < 0;
        sweep->have = sweep->at = 0;
        Py_DECREF(text);
        if (PyList_SetSlice(names, left - 1, left, NULL) < 0 || seen_lists(&seen) < 0 || look_on(sweep, most, &seen) < 0) {
            Py_DECREF(name);
            goto failed;
        }
        if (sweep->folder >= 0) opened_count++;
        int done = sweep->ended && !PyList_Size(seen.folders);
        if (done && sweep->folder >= 0) {
            close(sweep->folder);
            sweep->folder = -1;
        }
        if (done && !sweep->error && !PyList_Size(seen.found) && !PyList_Size(seen.lost)) {
            Py_DECREF(name);
            seen_drop(&seen);
            continue;
        }
        row = Py_BuildValue("(NiiONNN)", name, sweep->error, sweep->folder, done ? Py_None : (PyObject *)sweep, seen.folders,
                            seen.found, seen.lost);
        if (!done) sweep->error = 0;  /* told */
        seen.folders = seen.found = seen.lost = NULL;
        if (add(rows, row) < 0) goto failed;
        if (!done) break;
    }
    Py_DECREF((PyObject *)sweep);
    return Py_BuildValue("(nnLN)", opened_count, seen.files, seen.bytes, rows);
failed:
    if (sweep && sweep->folder >= 0) close(sweep->folder);
    seen_drop(&seen);
    Py_XDECREF((PyObject *)sweep);
    Py_XDECREF(rows);
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
        if (is_itself(one->name)) continue;
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
