// Stands in for OR-Tools, so that the rules of pabumeasures compile without it.
//
// Only its measures by integer programming use the solver, and the benchmark never calls them. A solver that
// cannot be made is what OR-Tools itself yields when it lacks one.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

namespace operations_research {

class MPVariable {};

class MPConstraint {
  public:
    void SetCoefficient(const MPVariable *, double) {}
};

class MPObjective {
  public:
    void SetCoefficient(const MPVariable *, double) {}
    void SetMaximization() {}
    double Value() const { return 0; }
};

class MPSolver {
  public:
    enum ResultStatus { OPTIMAL, NOT_SOLVED };
    static MPSolver *CreateSolver(const char *) { std::abort(); }
    static double infinity() { return 0; }
    MPVariable *MakeIntVar(double, double, const std::string &) { return nullptr; }
    MPVariable *MakeBoolVar(const std::string &) { return nullptr; }
    MPConstraint *MakeRowConstraint(double, double) { return nullptr; }
    MPObjective *MutableObjective() { return nullptr; }
    ResultStatus Solve() { return NOT_SOLVED; }
};

} // namespace operations_research
