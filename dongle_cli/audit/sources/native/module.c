/* The module `_native`: two types and two functions. */
#include "native.h"

PyTypeObject *filter_type, *sweep_type;

int add(PyObject *list, PyObject *what) {
    if (!what) return -1;
    int failed = PyList_Append(list, what);
    Py_DECREF(what);
    return failed;
}

static PyMethodDef functions[] = {
    {"descend", (PyCFunction)(void (*)(void))descend, METH_VARARGS | METH_KEYWORDS,
     "descend(folder, names, filter, silent, quiet, most) -> (opened, files, bytes, rows)"},
    {"glance", (PyCFunction)(void (*)(void))glance, METH_VARARGS | METH_KEYWORDS,
     "glance(block, cluster, pread, filter, recalls) -> (again, deleted, files, folders, bytes)"},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_native", "The inner loops of an audit, compiled.", -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) {
    PyObject *made = PyModule_Create(&module);
    filter_type = (PyTypeObject *)PyType_FromSpec(&filter_spec);
    sweep_type = (PyTypeObject *)PyType_FromSpec(&sweep_spec);
    if (!made || !filter_type || !sweep_type || PyModule_AddObjectRef(made, "Filter", (PyObject *)filter_type) < 0
        || PyModule_AddObjectRef(made, "Sweep", (PyObject *)sweep_type) < 0)
        Py_CLEAR(made);
    return made;
}
