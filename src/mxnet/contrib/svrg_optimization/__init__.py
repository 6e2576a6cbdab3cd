"""mx.contrib.svrg_optimization: gradients of lower variance for Modules.  This file is the table of contents."""

from . import svrg_module, svrg_optimizer
