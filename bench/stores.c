/* What a step in Python groups cannot do without: a boxed float, and a PyDict_SetItem a group and
 * key. The floor of bench_torch_step.py; built by it. */
#include <Python.h>

/* store(groups, keys, values): groups a list of dicts, keys and values tuples. */
static PyObject *store(PyObject *self, PyObject *args) {
    PyObject *groups, *keys, *values, *boxed[8];
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyList_Type, &groups, &PyTuple_Type, &keys,
                          &PyTuple_Type, &values))
        return NULL;
    Py_ssize_t n = PyTuple_GET_SIZE(keys), failed = n > 8 || PyTuple_GET_SIZE(values) != n;
    if (failed) return PyErr_Format(PyExc_ValueError, "a value for each of up to 8 keys");
    for (Py_ssize_t k = 0; k < n; k++)
        boxed[k] = PyFloat_FromDouble(PyFloat_AsDouble(PyTuple_GET_ITEM(values, k)));
    for (Py_ssize_t j = 0; j < PyList_GET_SIZE(groups); j++)
        for (Py_ssize_t k = 0; k < n; k++)
            failed |= PyDict_SetItem(PyList_GET_ITEM(groups, j), PyTuple_GET_ITEM(keys, k), boxed[k]);
    for (Py_ssize_t k = 0; k < n; k++)
        Py_DECREF(boxed[k]);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"store", store, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "stores", NULL, -1, methods,
                                    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_stores(void) { return PyModule_Create(&module); }
