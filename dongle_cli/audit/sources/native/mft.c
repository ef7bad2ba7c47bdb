/* The first look at a stretch of an NTFS $MFT: everyday records in which nothing is of interest are counted and done
 * with; whatever is not everyday is left to the second look, which alone decides and tells. As ntfs_glance.glance. */
#include "native.h"

#include <string.h>

enum { RECORD = 1024, SECTOR = 512 };
enum { STANDARD = 0x10, LIST = 0x20, NAME = 0x30, DATA = 0x80, REPARSE = 0xC0 };  /* attribute types */
enum { IN_USE = 1, FOLDER = 2, DOS = 2 };
#define END 0xFFFFFFFFu

/* What to do with a record. */
enum verdict { FAILED = -1, AGAIN, DONE, PASSED_OVER };

typedef struct {
    PyObject *pread;
    const Filter *filter;
    uint64_t cluster;
    uint32_t recalls;               /* attributes of files whose content is elsewhere */
    PyObject *deleted;              /* (offset in the block, name, bytes) of those that only their name may tell of */
    long long files, folders, bytes;
} Look;

static uint64_t little_endian(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    while (bytes--) value = value << 8 | at[bytes];
    return value;
}

static int64_t little_endian_signed(const unsigned char *at, int bytes) {
    uint64_t value = little_endian(at, bytes);
    return (int64_t)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

/* Where the attributes that matter stand in a record, as offsets; -1: it has none. */
typedef struct { int data, name; } Spots;

static int find(const Look *look, const unsigned char *record, int at, int end, Spots *spots) {
    spots->data = spots->name = -1;
    for (;;) {
        if (at + 8 > RECORD) return 0;
        uint32_t kind = little_endian(record + at, 4), length = little_endian(record + at + 4, 4);
        if (kind == END) return 1;
        if (kind == LIST || kind == REPARSE) return 0;
        if (kind == DATA) {
            if (spots->data >= 0) return 0;
            spots->data = at;
        } else if (kind == NAME) {
            if (at + 90 > RECORD) return 0;
            if (spots->name < 0 || record[at + 89] != DOS) spots->name = at;
        } else if (kind == STANDARD) {
            if (at + 60 > RECORD || little_endian(record + at + 56, 4) & look->recalls) return 0;
        }
        if (length < 24 || (int64_t)at + length > end) return 0;
        at += (int)length;
    }
}

/* The first bytes of a stream that is not resident, as a new bytes object; NULL without an exception: look again. */
static PyObject *away(const Look *look, const unsigned char *record, int data, int end) {
    if (data + 64 > end) return NULL;
    uint64_t vcn = little_endian(record + data + 16, 8), runs_at = little_endian(record + data + 32, 2);
    uint64_t size = little_endian(record + data + 48, 8), initialized = little_endian(record + data + 56, 8);
    uint64_t need = size < HEAD ? size : HEAD, count, covered;
    int64_t offset;
    if (data + (int)runs_at + 1 > end) return NULL;
    const unsigned char *run = record + data + runs_at;
    int count_bytes = *run & 15, offset_bytes = *run >> 4;
    if (vcn || need > initialized || !count_bytes || !offset_bytes || count_bytes > 8 || offset_bytes > 8
        || run + 1 + count_bytes + offset_bytes > record + end) return NULL;
    count = little_endian(run + 1, count_bytes);
    if (!__builtin_mul_overflow(count, look->cluster, &covered) && covered < need) return NULL;
    if (__builtin_mul_overflow(little_endian_signed(run + 1 + count_bytes, offset_bytes), (int64_t)look->cluster, &offset)
        || offset < 0) return NULL;
    PyObject *head = PyObject_CallFunction(look->pread, "LL", (long long)offset, (long long)need);
    if (!head) {
        if (PyErr_ExceptionMatches(PyExc_OSError) || PyErr_ExceptionMatches(PyExc_ValueError)
            || PyErr_ExceptionMatches(PyExc_OverflowError)) PyErr_Clear();
        return NULL;
    }
    if (!PyBytes_Check(head) || (uint64_t)PyBytes_Size(head) < need) Py_CLEAR(head);
    return head;
}

/* The last four characters of a name in UTF-16 where all are ASCII: those are all that an ending can be. */
static size_t tail_of(const unsigned char *record, int name, char tail[4]) {
    int letters = record[name + 88];
    if (letters < 4) return 0;
    const unsigned char *at = record + name + 90 + 2 * (letters - 4);
    for (int one = 0; one < 4; one++) {
        if (at[2 * one + 1] || at[2 * one] > 127) return 0;
        tail[one] = at[2 * one];
    }
    return 4;
}

static enum verdict judge(Look *look, const unsigned char *record, int offset, int at, int end, int flags) {
    Spots spots;
    PyObject *read = NULL;
    const unsigned char *head;
    Py_ssize_t size;
    char tail[4] = {0};
    size_t tail_size = 0;
    if (!find(look, record, at, end, &spots)) return AGAIN;
    if (spots.data >= 0) {
        const unsigned char *data = record + spots.data;
        if (spots.data + 24 > RECORD || data[9] || little_endian(data + 12, 2)) return AGAIN;  /* named; compressed, encrypted */
        if (spots.name >= 0 && spots.name + 90 + 2 * record[spots.name + 88] > end) return AGAIN;
        if (data[8]) {
            if (!(read = away(look, record, spots.data, end))) return PyErr_Occurred() ? FAILED : AGAIN;
            head = (const unsigned char *)PyBytes_AsString(read);
            size = PyBytes_Size(read);
        } else {
            size = little_endian(data + 16, 4);
            int begin = spots.data + (int)little_endian(data + 20, 2);
            if (size > RECORD || begin + size > end) return AGAIN;
            head = record + begin;
        }
        if (spots.name >= 0) tail_size = tail_of(record, spots.name, tail);
        int wanted = wants(look->filter, head, size, tail, tail_size);
        Py_XDECREF(read);
        if (wanted) return AGAIN;
        if (!(flags & IN_USE)) {
            int bytes = spots.name < 0 ? 0 : 2 * record[spots.name + 88], order = -1;
            const char *letters = spots.name < 0 ? "" : (const char *)record + spots.name + 90;
            PyObject *name = PyUnicode_DecodeUTF16(letters, bytes, "surrogatepass", &order);
            return add(look->deleted, Py_BuildValue("(iNn)", offset, name, size)) < 0 ? FAILED : DONE;
        }
        look->bytes += size;
    }
    if (flags & IN_USE) {
        if (flags & FOLDER) look->folders++;
        else look->files++;
    }
    return DONE;
}

/* A record as it lies on the disk: believed only where its fix-ups say that all of it was written. */
static enum verdict one(Look *look, const unsigned char *raw, int offset) {
    unsigned char mended[RECORD];
    if (memcmp(raw, "FILE", 4)) return memcmp(raw, "\0\0\0\0", 4) ? AGAIN : PASSED_OVER;
    int fix_at = (int)little_endian(raw + 4, 2), fixes = (int)little_endian(raw + 6, 2);
    int first = (int)little_endian(raw + 20, 2), flags = (int)little_endian(raw + 22, 2);
    uint32_t used = little_endian(raw + 24, 4);
    if (little_endian(raw + 32, 8)) return PASSED_OVER;  /* an extension of another record */
    if (fix_at + 6 > RECORD || used > RECORD || (uint32_t)first >= used || memcmp(raw + SECTOR - 2, raw + fix_at, 2)
        || memcmp(raw + RECORD - 2, raw + fix_at, 2)) return AGAIN;
    if (used <= SECTOR - 2) return judge(look, raw, offset, first, (int)used, flags);
    if (fixes != 3) return AGAIN;
    memcpy(mended, raw, RECORD);
    memcpy(mended + SECTOR - 2, raw + fix_at + 2, 2);
    return judge(look, mended, offset, first, (int)used, flags);
}

PyObject *glance(PyObject *module, PyObject *args, PyObject *words) {
    static char *names[] = {"block", "cluster", "pread", "filter", "recalls", NULL};
    const unsigned char *block;
    Py_ssize_t size;
    unsigned long long cluster;
    unsigned recalls;
    PyObject *pread, *filter;
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, words, "y#KOO!I", names, &block, &size, &cluster, &pread, filter_type, &filter,
                                     &recalls)) return NULL;
    Look look = {pread, (Filter *)filter, cluster, recalls, PyList_New(0), 0, 0, 0};
    PyObject *again = PyList_New(0);
    if (!again || !look.deleted) goto failed;
    for (Py_ssize_t at = 0; at < size; at += RECORD) {
        enum verdict said = size - at < RECORD ? AGAIN : one(&look, block + at, (int)at);
        if (said == FAILED || (said == AGAIN && add(again, PyLong_FromSsize_t(at)) < 0)) goto failed;
    }
    return Py_BuildValue("(NNLLL)", again, look.deleted, look.files, look.folders, look.bytes);
failed:
    Py_XDECREF(again);
    Py_XDECREF(look.deleted);
    return NULL;
}
