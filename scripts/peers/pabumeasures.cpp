// Times the rules of pabumeasures' C++ core on one election, without Python and without reading time.
//
// Input: budget, number of voters, number of projects; then for each project its cost, id, number of
// approvers and these. Output: a line for each rule with seconds of every run and the winners.
//
//   pabumeasures ELECTION RULE RUNS SECONDS     stops early once so many seconds are spent

#include "pb_rules_and_measures/GreedyOverCost.h"
#include "pb_rules_and_measures/MesApr.h"
#include "pb_rules_and_measures/MesCost.h"
#include "pb_rules_and_measures/Phragmen.h"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

// Processor time of this process: what else the machine does is no part of it.
static double now() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        std::cerr << "usage: pabumeasures ELECTION RULE RUNS SECONDS\n";
        return 2;
    }
    std::ifstream in(argv[1]);
    long long budget;
    int voters, count;
    in >> budget >> voters >> count;
    std::vector<ProjectEmbedding> projects;
    for (int project = 0; project < count; project++) {
        long long cost;
        std::string id;
        int size;
        in >> cost >> id >> size;
        std::vector<int> approvers(size);
        for (auto &approver : approvers) {
            in >> approver;
        }
        projects.emplace_back(cost, id, approvers);
    }
    if (!in) {
        std::cerr << argv[1] << ": not an election\n";
        return 1;
    }
    const Election election(budget, voters, projects);
    const std::string rule = argv[2];
    const auto run = rule == "shares-cost"          ? mes_cost
                     : rule == "shares-cardinality" ? mes_apr
                     : rule == "greedy"             ? greedy_over_cost
                     : rule == "phragmen"           ? phragmen
                                                    : nullptr;
    if (!run) {
        std::cerr << rule << ": no such rule\n";
        return 1;
    }
    std::cout << std::fixed;
    std::cout.precision(9);
    const double start = now();
    std::vector<ProjectEmbedding> winners;
    for (int done = 0; done < std::atoi(argv[3]); done++) {
        const double before = now();
        if (done > 0 && before - start > std::atof(argv[4])) {
            break;
        }
        winners = run(election, ProjectComparator::ByNameAsc);
        std::cout << now() - before << ' ';
    }
    std::cout << '\n';
    for (const auto &winner : winners) {
        std::cout << winner.name() << ' ';
    }
    std::cout << '\n';
}
